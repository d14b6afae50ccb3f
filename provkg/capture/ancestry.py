"""From a state to the recorded things it came from, through the temporaries between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from provkg.capture.columns import SAME, WHOLE, Columns, compose, together
from provkg.capture.states import RANK, Edge, FileNode, Node, Parent, weakest
from provkg.records import ColumnLink, Evidence, Link

__all__ = ["links_of", "links_to", "shorten"]

_MAX_OPERATIONS = 6
_MAX_TEMPORARIES = 10_000
_MAX_DEPTH = 50
_THEN = " → "


class _Way(NamedTuple):
    """A way from a state up to something it came from."""

    source: Parent
    evidence: Evidence
    operations: tuple[str, ...]
    columns: Columns | None


def links_of(node: Node) -> Iterator[Link]:
    """The links from a recorded node to its nearest recorded ancestors; its history is then dropped."""
    best: dict[str, _Way] = {}
    for way in _to_recorded(node):
        known = best.get(way.source.id)
        if known is None:
            best[way.source.id] = way
            continue
        better = way if RANK[way.evidence] < RANK[known.evidence] else known
        best[way.source.id] = better._replace(columns=together(known.columns, way.columns))
    node.edges = ()
    for source, way in best.items():
        if source != node.id:
            same, columns = _columns(node, way)
            yield Link(
                target=node.id,
                source=source,
                evidence=way.evidence,
                operation=_THEN.join(way.operations),
                same_columns=same,
                columns=columns,
            )


def _columns(node: Node, way: _Way) -> tuple[bool, tuple[ColumnLink, ...]]:
    """What a link tells of columns: only of those that both ends have."""
    source = way.source
    if way.columns is None or not isinstance(source, Node):
        return False, ()
    if not way.columns:
        return False, (ColumnLink(target=WHOLE),)
    there = {column.name for column in source.columns} | {WHOLE}
    here = {column.name for column in node.columns} | {WHOLE}
    links, left_open = [], way.columns.left_open
    for target in dict.fromkeys((*way.columns.named, *sorted(left_open))):
        found = tuple(each for each in way.columns.of(target) if each in there)
        if target in here and (found or way.columns.same or target in left_open):
            links.append(ColumnLink(target=target, sources=found, further=target in left_open))
    same = way.columns.same and not here.isdisjoint(there)
    return same, tuple(links)


def links_to(target: str, node: Node, operation: str, evidence: Evidence) -> Iterator[Link]:
    """The links from a thing that came from a state that is not recorded to the nearest that are."""
    for way in _to_recorded(node):
        found = weakest((way.evidence, evidence))
        yield Link(target=target, source=way.source.id, evidence=found, operation=operation)


def shorten(node: Node, depth: int = _MAX_DEPTH) -> None:
    """Let a temporary's edges pass over temporaries that are gone, so that chains stay short."""
    if node.id or not any(map(_is_gone, node.edges)):
        return
    edges: dict[tuple[int, bool | None], Edge] = {}
    for edge in node.edges:
        parent = edge.parent
        if not _is_gone(edge) or isinstance(parent, FileNode):
            _merge(edges, edge)
            continue
        if depth:
            shorten(parent, depth - 1)
        for further in parent.edges:
            operation = edge.operation
            if further.operation and further.operation != operation and further.operation.count(_THEN) < 4:
                operation = f"{further.operation}{_THEN}{operation}"
            evidence = weakest((edge.evidence, further.evidence))
            columns = compose(edge.columns, further.columns)
            _merge(edges, Edge(further.parent, operation, evidence, columns))
    node.edges = tuple(edges.values())


def _merge(edges: dict[tuple[int, bool | None], Edge], edge: Edge) -> None:
    """Put an edge to others, as one with another to the same parent where no more is told by two."""
    columns = edge.columns
    # What is not known of some columns, or of all, is told of other columns when it is put together.
    key = id(edge.parent), None if columns is None else columns.same
    known = edges.get(key)
    if known is None:
        edges[key] = edge
        return
    better = edge if RANK[edge.evidence] < RANK[known.evidence] else known
    edges[key] = Edge(edge.parent, better.operation, better.evidence, together(known.columns, columns))


def _is_gone(edge: Edge) -> bool:
    parent = edge.parent
    return type(parent) is Node and parent.dead and not parent.id


def _to_recorded(node: Node) -> Iterator[_Way]:
    """Walk up through temporaries: each nearest recorded ancestor, the weakest evidence on the way, and
    the operations, first to last.
    """
    pending = [_Way(node, Evidence.OBSERVED, (), SAME)]
    seen: set[tuple[int, Evidence, object]] = set()
    while pending and len(seen) < _MAX_TEMPORARIES:
        current = pending.pop()
        for edge in current.source.edges if isinstance(current.source, Node) else ():
            found = weakest((current.evidence, edge.evidence))
            path = current.operations
            if edge.operation and (not path or path[0] != edge.operation):
                path = (edge.operation, *path)[:_MAX_OPERATIONS]
            parent, columns = edge.parent, compose(current.columns, edge.columns)
            way = _Way(parent, found, path, columns)
            # A second way to the same temporary may lead to other columns of it.
            key = id(parent), found, columns.key() if columns is not None else None
            if parent.id:
                yield way
            elif key not in seen:
                seen.add(key)
                pending.append(way)
