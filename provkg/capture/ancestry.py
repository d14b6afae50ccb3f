"""From a state to the recorded things it came from, through the temporaries between."""

from __future__ import annotations

from collections.abc import Iterator

from provkg.capture.states import RANK, Edge, FileNode, Node, weakest
from provkg.records import Evidence, Link

__all__ = ["links_of", "links_to", "shorten"]

_MAX_OPERATIONS = 6
_MAX_TEMPORARIES = 10_000
_THEN = " → "


def links_of(node: Node) -> Iterator[Link]:
    """The links from a recorded node to its nearest recorded ancestors; its history is then dropped."""
    best: dict[str, tuple[Evidence, str]] = {}
    for ancestor, evidence, operations in _nearest_recorded(node):
        known = best.get(ancestor)
        if known is None or RANK[evidence] < RANK[known[0]]:
            best[ancestor] = (evidence, _THEN.join(operations))
    node.edges = ()
    for source, (evidence, operation) in best.items():
        if source != node.id:
            yield Link(target=node.id, source=source, evidence=evidence, operation=operation)


def links_to(target: str, node: Node, operation: str, evidence: Evidence) -> Iterator[Link]:
    """The links from a thing that came from a state that is not recorded to the nearest that are."""
    for ancestor, found, _ in _nearest_recorded(node):
        yield Link(target=target, source=ancestor, evidence=weakest((found, evidence)), operation=operation)


def shorten(node: Node) -> None:
    """Let a temporary's edges pass over temporaries that are gone, so that chains stay short."""
    if node.id or not any(_is_gone(edge) for edge in node.edges):
        return
    edges: dict[int, Edge] = {}
    for edge in node.edges:
        parent = edge.parent
        if not _is_gone(edge) or isinstance(parent, FileNode):
            edges.setdefault(id(parent), edge)
            continue
        for further in parent.edges:
            operation = edge.operation
            if further.operation and further.operation != operation and further.operation.count(_THEN) < 4:
                operation = f"{further.operation}{_THEN}{operation}"
            evidence = weakest((edge.evidence, further.evidence))
            edges.setdefault(id(further.parent), Edge(further.parent, operation, evidence))
    node.edges = tuple(edges.values())


def _is_gone(edge: Edge) -> bool:
    parent = edge.parent
    return type(parent) is Node and parent.dead and not parent.id


def _nearest_recorded(node: Node) -> Iterator[tuple[str, Evidence, tuple[str, ...]]]:
    """Walk up through temporaries: each nearest recorded ancestor, the weakest evidence on the way, and
    the operations, first to last.
    """
    pending: list[tuple[Node, Evidence, tuple[str, ...]]] = [(node, Evidence.OBSERVED, ())]
    seen: set[tuple[int, Evidence]] = set()
    while pending and len(seen) < _MAX_TEMPORARIES:
        current, evidence, operations = pending.pop()
        for edge in current.edges:
            found = weakest((evidence, edge.evidence))
            path = operations
            if edge.operation and (not operations or operations[0] != edge.operation):
                path = (edge.operation, *operations)[:_MAX_OPERATIONS]
            parent = edge.parent
            if parent.id:
                yield parent.id, found, path
            elif isinstance(parent, Node) and (id(parent), found) not in seen:
                seen.add((id(parent), found))
                pending.append((parent, found, path))
