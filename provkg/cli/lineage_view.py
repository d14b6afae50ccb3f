"""A lineage, drawn with rich as a tree: what was asked about at the top, then one step further each level."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from provkg.cli.text import short
from provkg.views.operations import brief

if TYPE_CHECKING:
    from provkg.lineage import Lineage, Node, Step

__all__ = ["draw_lineage"]

_DEEPEST = 60
_COLOURS = {
    "file": "yellow",
    "model": "green",
    "transformer": "green",
    "result": "magenta",
    "output": "magenta",
}
_SINGULARS = {"columns": "group of columns"}
_PLURALS = {"data": "data", "columns": "groups of columns"}


def draw_lineage(lineage: Lineage) -> RenderableType:
    """The tree, each thing with what it leads to the first time only, and how many things there are."""
    nodes = {node.iri: node for node in lineage.nodes}
    ahead = lineage.next_steps()
    root = nodes[lineage.thing]
    many = len({node.run for node in lineage.nodes if node.run}) > 1
    tree = Tree(_label(root, None, many), guide_style="dim")
    drawn = {lineage.thing}
    stack = [(tree, root, 0)]
    while stack:
        branch, node, depth = stack.pop()
        following = sorted(ahead.get(node.iri, ()), key=lambda step: _rank(nodes[lineage.far(step)]))
        grown = []
        for step in following:
            far = nodes[lineage.far(step)]
            again = far.iri in drawn and bool(ahead.get(far.iri))
            label = _label(far, step, many)
            if again or depth == _DEEPEST:
                label.append("  (above)" if again else "  …", style="dim")
            twig = branch.add(label)
            if far.iri not in drawn and depth < _DEEPEST:
                drawn.add(far.iri)
                grown.append((twig, far, depth + 1))
        stack += reversed(grown)
    return Group(tree, Text(f"\n{_summary(lineage)}", style="dim"))


def _rank(node: Node) -> tuple[bool, int, str, str]:
    """Models first, then what was made last."""
    return node.kind not in {"model", "transformer"}, -(node.order or 0), node.name, node.iri


def _label(node: Node, step: Step | None, many_runs: bool) -> Text:
    label = Text.assemble((node.name, f"bold {_COLOURS.get(node.kind, '')}".strip()), "  ", _kind(node))
    if node.detail:
        label.append(f"  {node.detail}")
    if node.run and many_runs:
        label.append(f"  run {short(node.run)}", style="dim")
    if node.cell:
        label.append(f"  {node.cell}", style="dim")
    if step is not None:
        if operation := brief(step.operation):
            label.append(f"  {operation}", style="cyan")
        if step.evidence != "observed":
            label.append(f"  {step.evidence}", style="italic yellow")
    return label


def _kind(node: Node) -> str:
    class_ = node.type.rpartition(".")[2]
    if (
        node.kind in {"model", "transformer", "data", "prediction", "value"}
        and class_
        and class_ != node.name
    ):
        return class_
    return node.kind


def _summary(lineage: Lineage) -> str:
    others = [node for node in lineage.nodes if node.iri != lineage.thing]
    if not others:
        return (
            "Nothing recorded came of it." if lineage.downstream else "It is not recorded what it came from."
        )
    counts = Counter(node.kind for node in others)
    told = ", ".join(
        f"{number:,} {_SINGULARS.get(kind, kind) if number == 1 else _PLURALS.get(kind, f'{kind}s')}"
        for kind, number in counts.items()
    )
    runs = len({node.run for node in lineage.nodes if node.run})
    return f"{told} in {runs:,} run{'s' * (runs != 1)}"
