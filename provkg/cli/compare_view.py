"""A comparison, drawn with rich."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from provkg.cli.text import count_text, number_text, path_text, seconds_text, short, time_text
from provkg.records import Evidence
from provkg.views.comparison import (
    Aspect,
    Cause,
    Change,
    Compared,
    Comparison,
    Difference,
    Explanation,
    Measure,
)
from provkg.views.comparison.wording import change_text, labels, subject, verdict

__all__ = ["draw_comparison"]

_SECTIONS = (
    ("How it ended", (Aspect.OUTCOME,)),
    ("Data", (Aspect.DATA,)),
    ("Split", (Aspect.SPLIT,)),
    ("Settings", (Aspect.SETTINGS, Aspect.STEPS)),
    ("Seeds", (Aspect.SEEDS,)),
    ("Environment", (Aspect.ENVIRONMENT,)),
    ("Files written", (Aspect.WRITTEN,)),
)
_STYLES = {"+": "green", "-": "red", "@": "dim cyan"}
_VALUE = 60
_LINES, _PACKAGES, _EQUAL = 40, 12, 12


def draw_comparison(found: Comparison, room: int) -> RenderableType:
    """All sections that have something to say; ``room`` is the width they should fit into."""
    names = labels(found)
    parts: list[RenderableType] = [_heading(found, names)]
    parts.append(Text(f"\n{verdict(found)}", style="bold green" if found.same else "bold"))
    told: set[tuple[str, str]] = set()
    for explanation in found.explanations:
        parts += _explanation(found, explanation, names, told)
        told |= {(cause.item, cause.diff) for cause in explanation.causes}
    parts += _section("Results", [_measures(found.measures, names)] if found.measures else [])
    for title, aspects in _SECTIONS:
        parts += _section(title, list(_differences(found.caused(*aspects), names)))
    parts += _section("What came of it in memory", list(_differences(found.followed(), names)))
    parts += _section("Code", list(_code(found.of(Aspect.CODE), names)))
    parts += _section("Outputs", list(_outputs(found)))
    parts += _section("Not known", [Text(f"! {note}", style="yellow") for note in found.notes])
    return Group(*parts)


def _section(title: str, content: Sequence[RenderableType]) -> Iterator[RenderableType]:
    if content:
        yield Text(f"\n{title}", style="bold")
        yield from (Padding(part, (0, 0, 0, 2)) for part in content)


def _grid(*header: str, right: Sequence[int] = ()) -> Table:
    drawn = Table(
        box=None, show_header=bool(header), pad_edge=False, padding=(0, 3, 0, 0), header_style="dim"
    )
    for number, name in enumerate(header):
        drawn.add_column(Text(name), overflow="fold", justify="right" if number in right else "left")
    return drawn


def _heading(found: Comparison, names: Sequence[str]) -> RenderableType:
    drawn = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    drawn.add_column(style="cyan", no_wrap=True)
    for _ in range(3):
        drawn.add_column(overflow="fold")
    for name, one in zip(names, found.compared, strict=True):
        drawn.add_row(Text(name), Text(_what(one)), Text(_status(one)), Text(_begun(one), style="dim"))
    return drawn


def _what(one: Compared) -> str:
    what = path_text(one.path) if one.path else one.kind
    named = f"{one.name}, {what}" if one.name else what
    return f"{named}, {one.cell} of run {short(one.run)}" if one.cell else named


def _status(one: Compared) -> str:
    status = one.status.value if one.status else "not ended"
    return f"{status} in {seconds_text(one.seconds)}" if one.seconds is not None else status


def _begun(one: Compared) -> str:
    return time_text(one.started_at) if one.started_at else "at a time that is not known"


# --- the explanation --------------------------------------------------------------------------------


def _explanation(
    found: Comparison, explanation: Explanation, names: Sequence[str], told: set[tuple[str, str]]
) -> Iterator[RenderableType]:
    changed = [found.measures[position] for position in explanation.results]
    between = f" between {names[explanation.first]} and {names[explanation.second]}"
    pair = between if len(found.compared) > 2 else ""
    yield Text(f"\nWhy {subject(changed)} changed{pair}", style="bold")
    body: list[RenderableType] = [
        Text(change_text(one, explanation.second), style="dim") for one in changed[:6]
    ]
    if len(changed) > 6:
        body.append(Text(f"and {len(changed) - 6} more", style="dim"))
    for number, cause in enumerate(explanation.causes, 1):
        body += _cause(number, cause, known=(cause.item, cause.diff) in told)
    if not explanation.causes:
        body.append(Text("No recorded difference lies on its lineage.", style="yellow"))
    if explanation.equal:
        shown = ", ".join(explanation.equal[:_EQUAL])
        body.append(Text(f"\nEqual in both, so that nothing before it counts: {shown}", style="dim"))
    if explanation.elsewhere:
        other = count_text(explanation.elsewhere, "other difference")
        verb = "does" if explanation.elsewhere == 1 else "do"
        body.append(Text(f"{other} {verb} not lie on the lineage: see below.", style="dim"))
    body += [Text(f"! {gap}", style="yellow") for gap in explanation.incomplete]
    yield from (Padding(part, (0, 0, 0, 2)) for part in body)


def _cause(number: int, cause: Cause, *, known: bool) -> Iterator[RenderableType]:
    values = Text.assemble(f"{number}. ", (cause.item, "bold"))
    if cause.before != cause.after:
        values.append("  ")
        values.append(_cut(cause.before, "none"), style="red")
        values.append(" → ")
        values.append(_cut(cause.after, "none"), style="green")
    evidence = "" if cause.evidence is Evidence.OBSERVED else f" ({cause.evidence.value})"
    also = "".join(f"; {one}" for one in cause.also)
    yield Text("")
    yield values
    yield Padding(Text(f"{cause.because}{also}{evidence}"), (0, 0, 0, 3))
    if len(cause.path) > 2:
        yield Padding(Text(" → ".join(cause.path), style="dim"), (0, 0, 0, 3))
    if cause.diff and not known:
        yield Padding(_diff(cause.diff, heads=False), (0, 0, 0, 3))


def _cut(value: str | None, nothing: str = "—") -> str:
    if value is None:
        return nothing
    line = " ".join(value.split())
    return f"{line[: _VALUE - 1]}…" if len(line) > _VALUE else line


# --- what differs -----------------------------------------------------------------------------------


def _measures(measures: Sequence[Measure], names: Sequence[str]) -> RenderableType:
    changed = [one for one in measures if not one.same]
    two = len(names) == 2
    header = ("metric", "model", "data", *names, *(("change",) if two else ()))
    drawn = _grid(*header, right=range(3, len(header)))
    for one in changed:
        values = [
            Text(number_text(value, text) or "—") for value, text in zip(one.values, one.texts, strict=True)
        ]
        last = [Text(_signed(one.changes[1]))] if two else []
        label = f" of {one.label}" if one.label else ""
        role = f" ({one.role})" if one.role and one.role not in one.data else ""
        drawn.add_row(
            Text(f"{one.metric}{label}"), Text(one.model), Text(f"{one.data}{role}"), *values, *last
        )
    same = len(measures) - len(changed)
    if not same:
        return drawn
    text = f"{count_text(same, 'result')} {'is' if same == 1 else 'are'} the same"
    return Group(drawn, Text(text, style="dim")) if changed else Text(text)


def _signed(change: float | None) -> str:
    return "" if change is None else f"{change:+.4g}"


def _differences(differences: Sequence[Difference], names: Sequence[str]) -> Iterator[RenderableType]:
    used = [one for one in differences if not any(detail.name == "used" for detail in one.details)]
    shown = used or list(differences[:_PACKAGES])
    if shown:
        drawn = _grid("", *names)
        for one in shown:
            drawn.add_row(Text(one.item, style="cyan"), *(Text(_cut(value)) for value in one.values))
            for detail in one.details:
                drawn.add_row(
                    Text(f"  {detail.name}", style="dim"),
                    *(Text(_cut(value), style="dim") for value in detail.values),
                )
        yield drawn
    if rest := len(differences) - len(shown):
        yield Text(
            f"and {count_text(rest, 'package')} that the code does not use (--html or --format json)",
            style="dim",
        )


def _code(differences: Sequence[Difference], names: Sequence[str]) -> Iterator[RenderableType]:
    for one in differences:
        where = " → ".join(dict.fromkeys(place or "none" for place in one.places)) or one.item
        title = Text.assemble((where, "cyan"), f"  {one.change.value}")
        if not one.diffs:
            values = one.details[0].values if one.details else one.values
            if one.change in (Change.MOVED, Change.REPEATED) or not one.places:
                title.append(f"  {' → '.join(_cut(value, 'none') for value in values)}", style="dim")
        yield title
        for name, diff in zip(names[1:], one.diffs, strict=bool(one.diffs)):
            if diff:
                parts = [Text(name, style="dim")] if len(names) > 2 else []
                yield Padding(Group(*parts, _diff(diff)), (0, 0, 0, 2))


def _diff(diff: str, *, heads: bool = True) -> Text:
    lines = [line for line in diff.split("\n") if heads or not line.startswith("@@")]
    text = Text()
    for line in lines[:_LINES]:
        text.append(f"{line}\n", style=_STYLES.get(line[:1], "dim"))
    if len(lines) > _LINES:
        text.append(f"… and {len(lines) - _LINES} more lines", style="dim")
    text.rstrip()
    return text


def _outputs(found: Comparison) -> Iterator[RenderableType]:
    for one in found.outputs:
        kinds = " → ".join(dict.fromkeys(shown.media_type if shown else "none" for shown in one.shown))
        yield Text.assemble((one.item, "cyan"), f"  {one.kind}, {kinds}")
        for diff in one.diffs:
            if diff and any(shown and shown.text for shown in one.shown):
                yield Padding(_diff(diff), (0, 0, 0, 2))
    if any(shown and shown.media_type.startswith("image/") for one in found.outputs for shown in one.shown):
        yield Text("pictures side by side: --html FILE", style="dim")
