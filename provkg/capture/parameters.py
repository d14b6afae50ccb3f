"""Parameters of a script: what its command line says, and how a text stands for a number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from provkg.confidential import MARK, is_secret_setting
from provkg.records import Scalar, Setting

__all__ = ["parameter", "scalar_of", "written_parameters"]

_INTEGER = re.compile(r"[+-]?\d+")
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf|nan)")
_WORDS: dict[str, Scalar] = {
    "True": True,
    "true": True,
    "False": False,
    "false": False,
    "None": None,
    "null": None,
}


def scalar_of(text: str) -> Scalar:
    """What a parameter's text stands for: a number, a truth value, nothing, or itself.

    >>> scalar_of("0.1"), scalar_of("3"), scalar_of("true"), scalar_of("adam")
    (0.1, 3, True, 'adam')
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def parameter(name: str, value: Scalar) -> Setting:
    """A parameter that the user gave."""
    shown = MARK if isinstance(value, str) and is_secret_setting(name) else value
    return Setting(name=name, value=shown, type=type(value).__name__, explicit=True)


def written_parameters(arguments: Sequence[str]) -> tuple[Setting, ...]:
    """The parameters that the text of a command line shows: ``--name value``, ``--name=value``, ``--name``.

    What belongs to an option only the script knows; here, a word behind one is taken for its value.

    >>> [(one.name, one.value) for one in written_parameters(["--lr", "0.1", "--no-cache", "--epochs=3"])]
    [('lr', 0.1), ('no_cache', True), ('epochs', 3)]
    """
    found = {name: parameter(name, value) for name, value in _pairs(arguments)}
    return tuple(found.values())


def _pairs(arguments: Sequence[str]) -> Iterable[tuple[str, Scalar]]:
    words = iter(range(len(arguments)))
    for position in words:
        if arguments[position] == "--":
            return
        name, equals, value = arguments[position].partition("=")
        if not name.startswith("--"):
            continue
        following = arguments[position + 1] if position + 1 < len(arguments) else "--"
        if equals:
            yield _name(name), scalar_of(value)
        elif not following.startswith("-") or isinstance(scalar_of(following), int | float):
            next(words, None)
            yield _name(name), scalar_of(following)
        else:
            yield _name(name), True


def _name(option: str) -> str:
    """The name that parsers of command lines give to an option's value."""
    return option.removeprefix("--").replace("-", "_")
