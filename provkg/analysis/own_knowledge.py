"""The user's own knowledge files: read, checked, and put before what ships with provkg."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import get_args

import msgspec

from provkg.analysis.knowledge import (
    CallMeaning,
    ClassMeaning,
    Deed,
    Knowledge,
    KnowledgeFile,
    MagicMeaning,
    Parameter,
    shipped_file,
)
from provkg.errors import KnowledgeError

__all__ = ["read_knowledge", "read_knowledge_file"]

_PLACE = re.compile(r" - at `\$\.?(.*)`$")
_TOML_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_FIELD = re.compile(r"field `([^`]*)`")
_VALUE = re.compile(r"enum value (.*)$")
_STRUCTS: dict[str, type[msgspec.Struct]] = {
    "": KnowledgeFile,
    "call": CallMeaning,
    "class": ClassMeaning,
    "magic": MagicMeaning,
    "path": Parameter,
    "mode": Parameter,
    "data": Parameter,
    "changes": Parameter,
}
_SAYS = ("does", "changes", "changes_object", "returns", "makes")


def read_knowledge(*paths: Path) -> Knowledge:
    """What ships with provkg and, before it, what the user's own files say.

    Parameters:
        paths: TOML files of the schema at the head of ``knowledge.toml``, the first of most weight.

    Raises:
        KnowledgeError: a file cannot be read or does not fit the schema; the message names file and line.
    """
    return Knowledge(*(read_knowledge_file(path) for path in paths), shipped_file())


def read_knowledge_file(path: Path) -> KnowledgeFile:
    """What one of the user's own files says.

    Raises:
        KnowledgeError: it cannot be read or does not fit the schema; the message names file and line.
    """
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise KnowledgeError(
            f"Cannot read the knowledge file {path}: {error.strerror}.", "Check its path and permissions."
        ) from error
    except UnicodeDecodeError as error:
        raise KnowledgeError(f"{path} is not UTF-8 text: {error.reason}.", "Save it as UTF-8.") from error
    try:
        file = msgspec.toml.decode(text, type=KnowledgeFile)
    except msgspec.ValidationError as error:
        raise _misfit(path, text, str(error)) from error
    except msgspec.DecodeError as error:
        line = _TOML_LINE.search(str(error))
        where = f"{path}, line {line[1] if line else text.count(chr(10)) + 1}"
        raise KnowledgeError(f"{where}: not valid TOML: {error}.", "Correct that line.") from error
    for place, reason, remedy in _empty_entries(file):
        raise KnowledgeError(f"{path}, line {_line(text, place)}: {reason}.", remedy)
    return file


def _empty_entries(file: KnowledgeFile) -> Iterator[tuple[str, str, str]]:
    """Entries that fit the schema and say nothing."""
    for rank, call in enumerate(file.call):
        place = f"call[{rank}]"
        if not (call.functions or call.methods):
            yield (
                place,
                "this [[call]] names no functions and no methods",
                'Add `functions = ["module.name"]`.',
            )
        elif not any(getattr(call, name) for name in _SAYS):
            yield place, "this [[call]] says nothing of its functions", 'Add what they do: `does = ["load"]`.'
        elif Deed.OPEN in call.does and call.path is None:
            yield place, "this [[call]] opens a file and does not say which", "Add `path = {position = 0}`."
    for rank, kind in enumerate(file.class_):
        if not kind.classes:
            yield f"class[{rank}]", "this [[class]] names no classes", 'Add `classes = ["module.Name"]`.'


def _misfit(path: Path, text: str, message: str) -> KnowledgeError:
    at = _PLACE.search(message)
    place = at[1] if at else ""
    reason = message[: at.start()] if at else message
    field, value = _FIELD.search(reason), _VALUE.search(reason)
    line = _line(text, f"{place}.{field[1]}".lstrip(".") if field and "unknown" in reason else place)
    where = f"{path}, line {line}: {f'`{place}`: ' if place else ''}"
    if field and "unknown" in reason:
        known = _fields(place)
        near = get_close_matches(field[1], known, n=1)
        remedy = f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(known)}."
        return KnowledgeError(f"{where}there is no `{field[1]}`.", remedy)
    if field:
        remedy = "Begin the file with `schema = 1`." if field[1] == "schema" else f"Add `{field[1]}`."
        return KnowledgeError(f"{where}`{field[1]}` is missing.", remedy)
    if value:
        remedy = f"Allowed: {', '.join(_allowed(place))}."
        return KnowledgeError(f"{where}{value[1]} is not allowed.", remedy)
    return KnowledgeError(f"{where}{reason[:1].lower()}{reason[1:]}.", "Correct the value.")


def _line(text: str, place: str) -> int:
    """The line, from 1, of a place such as ``call[1].path.position``, or else that of its entry."""
    table, _, rest = place.partition(".")
    name, _, rank = table.rstrip("]").partition("[")
    lines = text.splitlines() or [""]
    start = 0
    if rank:
        heads = [i for i, line in enumerate(lines) if re.match(rf"\s*\[\[\s*{name}\s*\]\]", line)]
        start = heads[int(rank)] if int(rank) < len(heads) else 0
    elif rest:
        heads = [i for i, line in enumerate(lines) if re.match(rf"\s*\[\s*{name}\s*\]", line)]
        start = heads[0] if heads else 0
    else:
        rest = name
    key = re.escape(re.split(r"[.\[]", rest)[0])
    for number in range(start, len(lines)):
        if key and re.match(rf"\s*{key}\s*=|\s*\[+\s*{key}\s*\]", lines[number]):
            return number + 1
        if number > start and lines[number].lstrip().startswith("["):
            break
    return start + 1


def _fields(place: str) -> list[str]:
    last = re.split(r"[.\[]", re.sub(r"\[\d+\]$", "", place))[-1]
    struct = _STRUCTS.get(last)
    return [field.encode_name for field in msgspec.structs.fields(struct)] if struct else []


@cache
def _allowed(place: str) -> tuple[str, ...]:
    last = re.sub(r"\[\d+\]$", "", place).rpartition(".")[2]
    if last == "does":
        return tuple(deed.value for deed in Deed)
    for struct in (Parameter, CallMeaning, ClassMeaning, MagicMeaning, KnowledgeFile):
        for field in msgspec.structs.fields(struct):
            if field.encode_name == last:
                return tuple(str(option) for option in get_args(field.type) if option)
    return ()
