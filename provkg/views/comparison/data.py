"""In what the data of runs differs: files by digest, then what was in them, and tables in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from provkg.records import Digest, File, FileMode, Value, ValueKind
from provkg.views.comparison.found import Found
from provkg.views.comparison.matching import Matcher, Row, align, by_keys
from provkg.views.comparison.model import Aspect, Change, Detail, Difference, change_of
from provkg.views.comparison.sides import Side

__all__ = ["data_differences", "undigested", "written_differences"]

_COLUMNS_SHOWN = 12
_DIGITS = 12


@dataclass(frozen=True)
class _Source:
    """A file at one path, with all states in which a run met it."""

    path: str
    states: tuple[File, ...]
    table: Value | None = None
    name: str = ""
    """The variable of the table that was made of it."""

    @property
    def digests(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(state.sha256 for state in self.states if state.sha256))

    @property
    def last(self) -> File:
        return self.states[-1]


def data_differences(sides: Sequence[Side]) -> Iterator[Found]:
    """Files that were read with other contents, or by one only, and tables in memory that differ."""
    rows = align([_sources(side, FileMode.READ) for side in sides], _MATCH)
    for row in rows:
        if _differs(row):
            yield _file(row, Aspect.DATA)
    yield from _tables(sides)


def written_differences(sides: Sequence[Side]) -> Iterator[Found]:
    """Files that were written with other contents, or by one only; they explain nothing by themselves."""
    rows = align([_sources(side, FileMode.WRITTEN) for side in sides], _MATCH)
    for row in rows:
        if _differs(row):
            found = _file(row, Aspect.WRITTEN)
            yield Found(found.difference)


def undigested(row_sides: Sequence[Side]) -> Iterator[str]:
    """Files of which it is not known whether they are the same."""
    for row in align([_sources(side, FileMode.READ) for side in row_sides], _MATCH):
        present = [source for source in row if source]
        if len(present) == len(row) and not _differs(row) and not all(one.digests for one in present):
            reason = next((one.last.reason for one in present if one.last.reason), "no digest was taken")
            yield f"whether {present[0].path} has the same content is not known: {reason}"


_MATCH: Matcher[_Source] = by_keys(
    lambda source: source.path,
    lambda source: source.digests or id(source),
    lambda source: PurePath(source.path).name,
    lambda source: source.name or id(source),
)


def _sources(side: Side, mode: FileMode) -> list[_Source]:
    states: dict[str, list[File]] = {}
    for file in side.files(mode):
        states.setdefault(side.near(file.place), []).append(file)
    found = []
    for path, files in states.items():
        table = _loaded(side, files)
        name = side.inventory.variable(table) if table else ""
        found.append(_Source(path, tuple(files), table, name))
    return found


def _loaded(side: Side, files: Sequence[File]) -> Value | None:
    """The first table that was made of a file."""
    for file in files:
        for step in side.inventory.outcomes.get(file.id, ()):
            value = side.inventory.things.get(step.thing)
            if isinstance(value, Value) and value.kind is ValueKind.DATASET:
                return value
    return None


def _differs(row: Row[_Source]) -> bool:
    present = [source for source in row if source]
    if len(present) < len(row):
        return True
    known = [source.digests for source in present if source.digests]
    if len(known) == len(row):
        return len(set(known)) > 1
    return len({source.last.size for source in present if source.last.size is not None}) > 1


def _file(row: Row[_Source], aspect: Aspect) -> Found:
    named = next(source for source in row if source)
    values = tuple(_digest(source) if source else None for source in row)
    sizes = tuple(
        f"{source.last.size:,} bytes" if source and source.last.size is not None else None for source in row
    )
    details = [Detail("size", sizes)] if len(set(sizes)) > 1 else []
    if any(source and source.path != named.path for source in row):
        details.insert(0, Detail("path", tuple(source.path if source else None for source in row)))
    tables = [source.table if source else None for source in row]
    if sum(table is not None for table in tables) > 1:
        details += _inside(tables)
    difference = Difference(
        aspect=aspect,
        item=named.path or "a file left out",
        change=change_of(values),
        values=values,
        details=tuple(details),
    )
    anchors = tuple(
        frozenset(state.id for state in source.states) if source else frozenset() for source in row
    )
    paths = frozenset(repr(source.path) for source in row if source)
    return Found(difference, anchors, names=paths)


def _digest(source: _Source) -> str:
    if not source.digests:
        return f"no digest: {source.last.reason}" if source.last.reason else "no digest"
    part = " (of a part)" if source.last.covers != Digest.FULL else ""
    return ", ".join(f"sha256 {digest[:_DIGITS]}" for digest in source.digests) + part


def _inside(tables: Sequence[Value | None]) -> Iterator[Detail]:
    """In what tables differ: rows, columns with their types, missing values."""
    shapes = [table.shape if table else () for table in tables]
    rows = tuple(f"{shape[0]:,}" if shape else None for shape in shapes)
    if len(set(rows)) > 1:
        yield Detail("rows", rows)
    if any(table and table.columns for table in tables):
        yield from _columns(tables)
    elif len({shape[1:] for shape in shapes}) > 1:
        yield Detail("shape", tuple(" × ".join(map(str, shape)) or None for shape in shapes))


def _columns(tables: Sequence[Value | None]) -> Iterator[Detail]:
    columns = [{column.name: column for column in table.columns} if table else {} for table in tables]
    counts = tuple(str(len(one)) if one else None for one in columns)
    if len(set(counts)) > 1:
        yield Detail("columns", counts)
    names = list(dict.fromkeys(name for one in columns for name in one))
    shown = 0
    for name in names:
        found = [one.get(name) for one in columns]
        types = tuple(column.type if column else None for column in found)
        missing = tuple(
            str(column.missing) if column and column.missing is not None else None for column in found
        )
        for what, values in ((f"column {name}", types), (f"missing in {name}", missing)):
            differ = len(set(values)) > 1 and (what.startswith("column") or None not in values)
            if differ and shown < _COLUMNS_SHOWN:
                yield Detail(what, values)
            shown += differ
    if shown > _COLUMNS_SHOWN:
        yield Detail("and more", tuple(f"{shown - _COLUMNS_SHOWN} differences" for _ in tables))
    order = [tuple(name for name in one if name in columns[0]) for one in columns]
    if len(set(counts)) == 1 and all(set(one) == set(names) for one in columns) and len(set(order)) > 1:
        yield Detail("order of columns", tuple(", ".join(one)[:80] for one in order))


def _tables(sides: Sequence[Side]) -> Iterator[Found]:
    """Data sets in variables that differ at the end: what came of the differences above."""
    held = [_held(side) for side in sides]
    for name in dict.fromkeys(name for one in held for name in one):
        tables = [one.get(name) for one in held]
        if None in tables:
            continue
        details = tuple(_inside(tables))
        prints = [table.fingerprint for table in tables if table and table.fingerprint]
        comparable = len(prints) == len(tables) and len({one.algorithm for one in prints}) == 1
        if details or (comparable and len({one.hex for one in prints}) > 1):
            values = tuple(_content(table, digest=comparable) for table in tables if table)
            # The values tell the shape already.
            more = tuple(one for one in details if one.name not in ("rows", "columns", "shape"))
            yield Found(Difference(Aspect.DATA, f"table {name}", Change.FOLLOWS, values, details=more))


def _content(table: Value, *, digest: bool) -> str:
    """The shape of a table and the beginning of its fingerprint, where that says anything."""
    shape = " × ".join(f"{length:,}" for length in table.shape)
    content = f"content {table.fingerprint.hex[:8]}" if digest and table.fingerprint else ""
    return ", ".join(part for part in (shape, content) if part)


def _held(side: Side) -> dict[str, Value]:
    """The data sets that variables held last."""
    things = side.inventory.things
    return {
        state.name: value
        for execution in side.executions
        for state in execution.defines
        if isinstance(value := things.get(state.value), Value) and value.kind is ValueKind.DATASET
    }
