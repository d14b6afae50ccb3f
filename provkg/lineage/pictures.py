"""A lineage as a picture: DOT for Graphviz, and SVG that needs no other program."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from provkg.lineage.layout import arrange
from provkg.views.operations import brief

if TYPE_CHECKING:
    from provkg.lineage.graph import Lineage, Node, Step

__all__ = ["to_dot", "to_svg"]

_WIDTH, _HEIGHT, _GAP, _ROW, _EDGE = 190, 46, 56, 64, 16
_LETTERS = 25
_COLOURS = {
    "file": ("#e8e3d3", "#8a7a4a"),
    "data": ("#d9e8f5", "#3f78a8"),
    "columns": ("#e3eef8", "#5a8cb5"),
    "prediction": ("#dff0ee", "#3d8a80"),
    "model": ("#e4f0d8", "#5d8a2c"),
    "transformer": ("#eef3e2", "#7d9a4c"),
    "result": ("#f6e0e6", "#a84a66"),
    "output": ("#ebe2f4", "#7a55a0"),
    "value": ("#eceff2", "#6b7785"),
}
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1d2430 }
.name { font-weight: 600 } .what { font-size: 10.5px; fill: #4f5a68 }
.step { fill: none; stroke: #7c8896; stroke-width: 1.4 } .guessed { stroke-dasharray: 5 4 }
.head { fill: #7c8896 } .asked rect { stroke-width: 2.6 }
@media (prefers-color-scheme: dark) { .bare .step { stroke: #9aa6b4 } .bare .head { fill: #9aa6b4 } }
"""


_HEAD = """<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"
 orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker>"""


def to_dot(lineage: Lineage) -> str:
    """The lineage in Graphviz's language: data flow to the right, steps that were not observed are dashed."""
    lines = [
        "digraph lineage {",
        "  rankdir=LR;",
        '  node [shape=box, style="rounded,filled", fontname="sans-serif"];',
    ]
    for node in lineage.nodes:
        fill, border = _COLOURS[node.kind]
        label = "\\n".join(_dot(part) for part in (node.name, _what(node)) if part)
        lines.append(f'  "{_dot(node.id)}" [label="{label}", fillcolor="{fill}", color="{border}"];')
    ids = {node.iri: node.id for node in lineage.nodes}
    for step in lineage.steps:
        style = "" if step.evidence == "observed" else ", style=dashed"
        ends = f'"{_dot(ids[step.source])}" -> "{_dot(ids[step.target])}"'
        lines.append(f'  {ends} [tooltip="{_dot(_told(step))}"{style}];')
    return "\n".join([*lines, "}", ""])


def _dot(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")


def to_svg(lineage: Lineage) -> str:
    """The lineage as one SVG element: data flow from left to right, steps that were not observed dashed."""
    nodes = {node.iri: node for node in lineage.nodes}
    layout = arrange(tuple(nodes), [(step.source, step.target) for step in lineage.steps])
    width = layout.layers * (_WIDTH + _GAP) - _GAP + 2 * _EDGE
    height = layout.height * _ROW - (_ROW - _HEIGHT) + 2 * _EDGE
    title = f"{'What came of' if lineage.downstream else 'What led to'} {nodes[lineage.thing].name}"
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" class="bare">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(f'{len(lineage.nodes)} things and {len(lineage.steps)} steps between them')}</desc>",
        f"<style>{_STYLE}</style>",
        _HEAD,
    ]
    for step in lineage.steps:
        if step.source != step.target:
            bends = layout.bends.get((step.source, step.target), ())
            points = [layout.places[step.source], *bends, layout.places[step.target]]
            parts.append(_path(step, points))
    for iri, node in nodes.items():
        parts.append(_box(node, *layout.places[iri], asked=iri == lineage.thing))
    return "\n".join([*parts, "</svg>", ""])


def _path(step: Step, points: list[tuple[int, float]]) -> str:
    (x, y), *rest = [
        (_EDGE + layer * (_WIDTH + _GAP), _EDGE + row * _ROW + _HEIGHT / 2) for layer, row in points
    ]
    drawn = [f"M{x + _WIDTH:.0f} {y:.1f}"]
    at, height = float(x + _WIDTH), y
    for number, (left, row) in enumerate(rest, 1):
        middle = (at + left) / 2
        drawn.append(f"C{middle:.0f} {height:.1f} {middle:.0f} {row:.1f} {left:.0f} {row:.1f}")
        at, height = float(left), row
        if number < len(rest):
            at += _WIDTH
            drawn.append(f"H{at:.0f}")
    kind = "step" if step.evidence == "observed" else "step guessed"
    path = f'<path class="{kind}" d="{" ".join(drawn)}" marker-end="url(#head)">'
    return f"{path}<title>{escape(_told(step))}</title></path>"


def _box(node: Node, layer: int, row: float, *, asked: bool) -> str:
    fill, border = _COLOURS[node.kind]
    x, y = _EDGE + layer * (_WIDTH + _GAP), _EDGE + row * _ROW
    told = "\n".join(
        part for part in (node.name, node.kind, node.type, node.detail, node.made_by, node.id) if part
    )
    asked_about = ' class="asked"' if asked else ""
    box = f'x="{x:.0f}" y="{y:.1f}" width="{_WIDTH}" height="{_HEIGHT}" rx="7"'
    name, what = escape(_cut(node.name)), escape(_cut(_what(node), _LETTERS + 6))
    return (
        f"<g{asked_about}><title>{escape(told)}</title>"
        f'<rect {box} fill="{fill}" stroke="{border}"/>'
        f'<text class="name" x="{x + 10:.0f}" y="{y + 19:.1f}">{name}</text>'
        f'<text class="what" x="{x + 10:.0f}" y="{y + 35:.1f}">{what}</text></g>'
    )


def _what(node: Node) -> str:
    kind = node.kind if node.kind in {"file", "output", "result", "model"} else node.type.rpartition(".")[2]
    class_ = node.type.rpartition(".")[2] if node.kind == "model" else ""
    told = class_ if class_ and class_ != node.name else kind
    return " · ".join(part for part in (told, node.detail, node.cell) if part)


def _told(step: Step) -> str:
    known = "" if step.evidence == "observed" else f" ({step.evidence})"
    return f"{brief(step.operation) or 'derived'}{known}"


def _cut(text: str, letters: int = _LETTERS) -> str:
    return text if len(text) <= letters else f"{text[: letters - 1]}…"
