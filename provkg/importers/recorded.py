"""What another tool recorded of one execution, and how the execution read off its text takes it over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from provkg.importers.inspected import VariableSeen
from provkg.importers.nodes import FileNode, Ledger
from provkg.importers.steps import Place
from provkg.records import (
    CellExecution,
    Environment,
    Error,
    Evidence,
    FileMode,
    Import,
    Value,
    VariableState,
)

__all__ = ["Recorded", "data_sources", "named_sources", "with_packages", "with_record"]

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,11}://[^\s\"'<>]+")
_LIKE_AN_ADDRESS = re.compile(r"[A-Za-z]{3,9}:|www|\w@\w")
_NO_DIGEST = "named in an imported record, which holds no digest"
_MOST = 1000


class Recorded(msgspec.Struct, frozen=True):
    """What a record holds of one execution beside its cell.

    ``sources`` are paths and addresses that it calls data sources, ``variables`` what those that the cell set
    held afterwards. ``failed`` says that an error ended it, also where no output shows which.
    """

    sources: tuple[str, ...] = ()
    variables: Mapping[str, VariableSeen] = {}
    failed: bool = False

    @property
    def error(self) -> Error | None:
        """An error of which nothing is known but that there was one."""
        return Error(name="", message="the record does not say which") if self.failed else None


def data_sources(texts: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paths and addresses among texts that MLProvLab calls data sources, and those that are doubtful.

    It takes a text for one when there is a file or folder of that name, or when it looks like an address,
    which ``accuracy: 0.9`` does too.

    >>> data_sources(["D:/data", "https://example.org/a.csv", "Label:7"])
    (('D:/data', 'https://example.org/a.csv'), ('Label:7',))
    """
    sure: list[str] = []
    doubtful: list[str] = []
    for text in dict.fromkeys(texts[:_MOST]):
        known = _ADDRESS.fullmatch(text) or not _LIKE_AN_ADDRESS.search(text)
        (sure if known and text.strip() else doubtful).append(text)
    return tuple(sure), tuple(doubtful)


def named_sources(record: Recorded, ledger: Ledger, place: Place, order: int) -> list[FileNode]:
    """The record's data sources as files; those that the text names too are the same."""
    found = []
    for text in record.sources:
        path, url = place(text)
        if path or url:
            node = ledger.file(path, url, FileMode.READ, order)
            node.file = replace(node.file, reason=_NO_DIGEST, evidence=Evidence.IMPORTED)
            found.append(node)
    return found


def with_packages(imports: Sequence[Import], environment: Environment | None) -> tuple[Import, ...]:
    """Imports with the package that provides them, where the record has one that is named as the module."""
    known = {package.name for package in environment.packages} if environment is not None else set()
    return tuple(
        replace(one, package=top) if (top := one.module.partition(".")[0]) in known else one
        for one in imports
    )


def with_record(execution: CellExecution, record: Recorded | None, *, texts: bool) -> CellExecution:
    """An execution whose variables are said to have held what the record tells.

    Parameters:
        texts: whether texts of values are recorded.
    """
    if record is None or not record.variables or not execution.defines:
        return execution
    states = tuple(_state(state, record.variables.get(state.name), texts) for state in execution.defines)
    seen = {state.value: record.variables.get(state.name) for state in states if state.value}
    return replace(
        execution,
        defines=states,
        values=tuple(_value(value, seen.get(value.id)) for value in execution.values),
    )


def _state(state: VariableState, seen: VariableSeen | None, texts: bool) -> VariableState:
    if seen is None:
        return state
    contradicted = _class(state.type) not in ("", _class(seen.type))
    return replace(
        state,
        type=seen.type if contradicted or not state.type else state.type,
        text=seen.text if texts else "",
        # The text was read wrongly: the variable holds something else.
        value="" if contradicted else state.value,
        evidence=Evidence.IMPORTED,
    )


def _value(value: Value, seen: VariableSeen | None) -> Value:
    if seen is None:
        return value
    return replace(value, type=value.type or seen.type, shape=seen.shape)


def _class(name: str) -> str:
    return name.rpartition(".")[2]
