"""From the text of a cell to its syntax tree, by way of IPython's transform where it is needed."""

from __future__ import annotations

import ast
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple, Protocol, cast

__all__ = ["Parsed", "parse"]

_NUMBER_AND_WORD = re.compile(r"\d(?:and|else|for|if|in|is|not|or)\b")
_BLANKS = re.compile(r"^[ \t]+$", re.MULTILINE)
_PLAIN_MAGIC = re.compile(r"^([%!])(?![%!])(.*)$", re.MULTILINE)
# What could make a line that looks like a magic something else, or something else a magic.
_NOT_PLAIN = re.compile(
    r"\\$|\?[ \t]*(?:#.*)?$|^[ \t]+[%!]|=[ \t]*[%!]"
    r"|^(?:>>>|\.\.\.|In \[|[,;/?]|%%|!!|[%!][ \t])|\r|\f",
    re.MULTILINE,
)
_ATTEMPTS = 3
_ONE_AT_A_TIME = threading.RLock()
_FILENAME = "<provkg.analysis>"
_OURS = ("ignore", None, Warning, re.compile(r"<provkg\.analysis>|IPython\.core\.inputtransformer2\Z"), 0)
_FAULTS = (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError, SystemError)


class _Transformer(Protocol):
    def transform_cell(self, cell: str) -> str: ...


class Parsed(NamedTuple):
    """A syntax tree with the text it was made of, or why there is none."""

    tree: ast.Module | None
    source: str
    error: str = ""
    line: int | None = None


def parse(source: str, *, transformed: bool) -> Parsed:
    """The syntax tree of a cell.

    Python is tried first: text that is Python is what IPython's transform would leave as it is, but for
    empty lines at the beginning, which it drops.

    Parameters:
        transformed: the source has been through IPython's transform.
    """
    if not transformed:
        source = _without_leading_empty_lines(source)
    try:
        return Parsed(_tree(source), source)
    except _FAULTS as fault:
        failure = Parsed(None, source, _reason(fault), getattr(fault, "lineno", None))
    if transformed:
        return failure
    quick = _with_plain_magics(source)
    if quick is not None:
        try:
            tree = _tree(quick)
        except _FAULTS:
            pass
        else:
            if _are_statements(source, tree):
                return Parsed(tree, quick)
    python = _transform(source)
    if python is None or python == source:
        return failure
    try:
        return Parsed(_tree(python), python)
    except _FAULTS as fault:
        return Parsed(None, python, _reason(fault), getattr(fault, "lineno", None))


def _tree(source: str) -> ast.Module:
    # CPython 3.11 counts the depth of the trees that all threads make in one place, and fails when they
    # take turns (gh-106905). Never wait for ever: after a fork the lock's holder may not exist.
    locked = _ONE_AT_A_TIME.acquire(timeout=1)
    try:
        for _ in range(_ATTEMPTS):
            try:
                return _parse_once(source)
            except SystemError:
                continue
        return _parse_once(source)
    finally:
        if locked:
            _ONE_AT_A_TIME.release()


def _parse_once(source: str) -> ast.Module:
    if "\\" in source or _NUMBER_AND_WORD.search(source):
        with _unwarned():
            return ast.parse(source, _FILENAME)
    return ast.parse(source, _FILENAME)


@contextmanager
def _unwarned() -> Iterator[None]:
    """Keep the parser's warnings from the user, who gets them when the cell runs.

    `warnings.catch_warnings` would make the interpreter forget which warnings it has shown already, so
    the user would see them again. A filter for our own file name disturbs nobody, in other threads too.
    """
    filters = cast("list[object]", warnings.filters)
    filters.insert(0, _OURS)
    try:
        yield
    finally:
        filters.remove(_OURS)


def _reason(fault: BaseException) -> str:
    if isinstance(fault, SyntaxError):
        return f"{type(fault).__name__}: {fault.msg}"
    if isinstance(fault, MemoryError | RecursionError):
        return f"{type(fault).__name__}: nested too deeply"
    return f"{type(fault).__name__}: {fault}"


def _without_leading_empty_lines(source: str) -> str:
    if source[:1].isspace():
        lines = source.splitlines(keepends=True)
        first = next((index for index, line in enumerate(lines) if not line.isspace()), 0)
        return "".join(lines[first:])
    return source


def _with_plain_magics(source: str) -> str | None:
    """What IPython makes of a text whose magics are lines of their own; None where there is more to it.

    IPython's own transform takes some thirty times as long, as it takes the text to tokens again for every
    magic that it finds.
    """
    if not source.endswith("\n"):
        source += "\n"
    source = _BLANKS.sub("", source)  # as `textwrap.dedent` does, which IPython calls
    if source[:2] == "%%":
        first, _, body = source.partition("\n")
        if "?" in first or not first[2:3].isalpha():
            return None
        name, _, line = first[2:].rstrip().partition(" ")
        return f"get_ipython().run_cell_magic({name!r}, {line!r}, {body!r})\n"
    if source[:1].isspace() or _NOT_PLAIN.search(source):
        return None
    return _PLAIN_MAGIC.sub(_called, source)


def _are_statements(source: str, tree: ast.Module) -> bool:
    """Whether what was taken for magics are statements, and not lines of a long text."""
    if ('"""' not in source and "'''" not in source) or source[:2] == "%%":
        return True
    magics = {number for number, line in enumerate(source.split("\n"), 1) if line[:1] in ("%", "!")}
    return magics <= {statement.lineno for statement in tree.body}


def _called(match: re.Match[str]) -> str:
    text = match[2].rstrip()
    if match[1] == "!":
        return f"get_ipython().system({text!r})"
    name, _, line = text.partition(" ")
    return f"get_ipython().run_line_magic({name!r}, {line!r})"


def _transform(source: str) -> str | None:
    """What IPython would run, or None without IPython or when it cannot make sense of the text."""
    transformer = _transformer()
    if transformer is None:
        return None
    try:
        with _unwarned():
            return transformer.transform_cell(source)
    except Exception:  # noqa: BLE001 - whatever the tokenizer raises, there is no answer
        return None


@cache
def _transformer() -> _Transformer | None:
    try:
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        return None
    transformer: _Transformer = TransformerManager()  # type: ignore[no-untyped-call]
    return transformer
