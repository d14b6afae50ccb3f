"""The report of a comparison: one HTML page that loads nothing, or a fragment for notebooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from provkg.records import Evidence
from provkg.views.comparison.model import (
    Aspect,
    Cause,
    Compared,
    Comparison,
    Difference,
    Explanation,
    Measure,
)
from provkg.views.comparison.page_parts import curve, diff_block, output_pair, table, value
from provkg.views.comparison.safe_html import readable
from provkg.views.comparison.wording import change_parts, count, labels, number, subject, took, verdict

__all__ = ["document", "fragment"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_LONG, _LONGEST = 24, 200
_ARROW = '<span class="arrow" role="img" aria-label="to">→</span>'
_SECTIONS = (
    ("How it ended", (Aspect.OUTCOME,)),
    ("Data", (Aspect.DATA,)),
    ("Split", (Aspect.SPLIT,)),
    ("Settings", (Aspect.SETTINGS, Aspect.STEPS)),
    ("Seeds", (Aspect.SEEDS,)),
    ("Environment", (Aspect.ENVIRONMENT,)),
    ("Files written", (Aspect.WRITTEN,)),
)


def document(found: Comparison) -> str:
    """A whole page. It needs neither network nor script, and is light or dark as the reader's system is."""
    return (
        (
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="color-scheme" content="light dark">'
            f"<title>{readable(_title(found))}</title><style>{_style()}</style></head>"
            f'<body class="provkg-page"><main class="provkg-comparison">{_body(found)}</main></body></html>\n'
        )
        .encode("utf-8", "backslashreplace")
        .decode()
    )


def fragment(found: Comparison) -> str:
    """The same for a notebook's output."""
    return f'<style>{_style()}</style><div class="provkg-comparison">{_body(found)}</div>'


@cache
def _style() -> str:
    return Path(__file__).with_name("report.css").read_text(encoding="utf-8")


def _title(found: Comparison) -> str:
    return f"{' and '.join(labels(found))} compared"


def _body(found: Comparison) -> str:
    names = labels(found)
    return "".join(
        [
            _header(found, names),
            *(_explanation(found, position, names) for position in range(len(found.explanations))),
            _measures(found, names),
            *_sections(found, names),
            _code(found, names),
            _outputs(found, names),
            _notes(found),
            _footer(found),
        ]
    )


def _section(title: str, content: str, hint: str = "") -> str:
    if not content:
        return ""
    said = f'<p class="hint">{hint}</p>' if hint else ""
    return f"<section><h2>{readable(title)}</h2>{said}{content}</section>"


def _run(position: int, name: str) -> str:
    return f'<span class="run {_side(position)}">{readable(name)}</span>'


def _side(position: int) -> str:
    """The class of what belongs to one of the compared; from the third on they share a colour."""
    return f"r{min(position, 2)}"


def _heads(names: Sequence[str]) -> list[str]:
    return [_run(position, name) for position, name in enumerate(names)]


# --- the head ---------------------------------------------------------------------------------------


def _header(found: Comparison, names: Sequence[str]) -> str:
    cards = "".join(
        _card(position, name, one)
        for position, (name, one) in enumerate(zip(names, found.compared, strict=True))
    )
    state = "same" if found.same else "differ"
    return (
        f'<header><p class="brand">provkg compare</p><h1 class="{state}">{readable(verdict(found))}</h1>'
        f'<ol class="cards">{cards}</ol></header>'
    )


def _card(position: int, name: str, one: Compared) -> str:
    file = one.path.rpartition("/")[2] or one.kind
    what = f"{one.cell} of {file}" if one.cell else file
    status = one.status.value if one.status else "not ended"
    lasted = f" in {took(one.seconds)}" if one.seconds is not None else ""
    begun = (
        f'<time datetime="{one.started_at.isoformat()}">{one.started_at:%Y-%m-%d %H:%M:%S %Z}</time>'
        if one.started_at
        else "at a time that is not known"
    )
    named = f"{readable(one.name)}, " if one.name else ""
    return (
        f'<li class="card {_side(position)}">{_run(position, name)}<strong>{named}{readable(what)}</strong>'
        f'<span class="status {status.replace(" ", "-")}">{status}{lasted}</span>'
        f"<span>{begun}</span><code>{readable(one.run)}</code></li>"
    )


# --- why --------------------------------------------------------------------------------------------


def _explanation(found: Comparison, position: int, names: Sequence[str]) -> str:
    one = found.explanations[position]
    changed = [found.measures[position] for position in one.results]
    told = {(cause.item, cause.diff) for each in found.explanations[:position] for cause in each.causes}
    between = f" between {names[one.first]} and {names[one.second]}" if len(names) > 2 else ""
    numbers = "".join(_moved(measure, one.second) for measure in changed[:12])
    more = f"<li>and {len(changed) - 12} more</li>" if len(changed) > 12 else ""
    side = _side(one.second)
    causes = "".join(_cause(cause, side, known=(cause.item, cause.diff) in told) for cause in one.causes)
    why = (
        f'<ol class="causes">{causes}</ol>'
        if causes
        else '<p class="empty">No recorded difference lies on the lineage of this result.</p>'
    )
    return (
        f'<section class="why"><h2>Why {readable(subject(changed))} changed{readable(between)}</h2>'
        f'<ul class="moved">{numbers}{more}</ul>{why}{_around(one)}</section>'
    )


def _moved(measure: Measure, second: int) -> str:
    before, after, change = change_parts(measure, second)
    label = f" of {measure.label}" if measure.label else ""
    of = f"{label} of {measure.model}" if measure.model else label
    on = f" on {measure.data}" if measure.data else ""
    delta = f'<span class="delta">{readable(change)}</span>' if change else ""
    return (
        f'<li><span class="metric">{readable(measure.metric)}<small>{readable(of + on)}</small></span>'
        f'<span class="numbers">{value(before, "r0")}{_ARROW}{value(after, _side(second))}</span>{delta}</li>'
    )


def _cause(cause: Cause, side: str, *, known: bool) -> str:
    """A cause with its evidence; its diff only where it is told first."""
    values = (
        f'<p class="numbers">{value(cause.before, "r0")}{_ARROW}{value(cause.after, side)}</p>'
        if cause.before != cause.after
        else ""
    )
    evidence = cause.evidence.value
    also = "".join(f"; {one}" for one in cause.also)
    path = ""
    if len(cause.path) > 2:
        steps = "".join(f"<li>{readable(step)}</li>" for step in cause.path)
        path = f'<ol class="path" aria-label="the way to the result">{steps}</ol>'
    told = "seen at run time" if cause.evidence is Evidence.OBSERVED else "not seen at run time"
    return (
        f'<li><h3><span class="aspect">{cause.aspect.value}</span> {readable(cause.item)}</h3>{values}'
        f"<p>{readable(cause.because + also)} "
        f'<span class="evidence {evidence}" title="{told}">{evidence}</span></p>'
        f"{path}{diff_block(cause.diff, heads=False) if cause.diff and not known else ''}</li>"
    )


def _around(one: Explanation) -> str:
    parts = []
    if one.equal:
        chips = " ".join(f"<code>{readable(name)}</code>" for name in one.equal[:24])
        more = f" and {len(one.equal) - 24} more" if len(one.equal) > 24 else ""
        parts.append(f"<p>Equal in both, so that nothing before it counts: {chips}{more}</p>")
    if one.elsewhere:
        verb = "does" if one.elsewhere == 1 else "do"
        parts.append(
            f"<p>{count(one.elsewhere, 'other difference')} {verb} not lie on the lineage; see below.</p>"
        )
    if one.incomplete:
        gaps = "".join(f"<li>{readable(gap)}</li>" for gap in one.incomplete)
        parts.append(
            f'<div class="gaps"><p>The lineage is incomplete; a cause may be hidden:</p><ul>{gaps}</ul></div>'
        )
    return f'<div class="around">{"".join(parts)}</div>' if parts else ""


# --- results and differences ------------------------------------------------------------------------


def _measures(found: Comparison, names: Sequence[str]) -> str:
    two = len(names) == 2
    curves = any(curve(one.series) for one in found.measures if one.series)
    head = [
        "metric",
        "model",
        "data",
        *(["values"] if curves else []),
        *_heads(names),
        *(["change"] if two else []),
    ]
    changed, same = (
        [_measure(one, names, curves=curves, two=two) for one in found.measures if one.same is kind]
        for kind in (False, True)
    )
    first = 4 if curves else 3
    shown = table(head, changed, "Results that changed", first) if changed else ""
    if same:
        rest = table(head, same, "Results that are the same", first)
        verb = "is" if len(same) == 1 else "are"
        shown += f"<details><summary>{count(len(same), 'result')} {verb} the same</summary>{rest}</details>"
    return _section("Results", shown)


def _measure(one: Measure, names: Sequence[str], *, curves: bool, two: bool) -> list[str]:
    label = f" of {one.label}" if one.label else ""
    role = f" ({one.role})" if one.role and one.role not in one.data else ""
    values = [_number(each, text) for each, text in zip(one.values, one.texts, strict=True)]
    change = change_parts(one, 1)[2] if two else ""
    return [
        readable(f"{one.metric}{label}"),
        readable(one.model) or "—",
        readable(f"{one.data}{role}") or "—",
        *([curve(one.series) if one.series else ""] if curves else []),
        *values,
        *([f'<span class="delta">{readable(change)}</span>' if change else ""] if two else []),
    ]


def _number(measured: float | None, text: str) -> str:
    """What was measured: a number, or the text of what is none, such as a matrix."""
    shown = readable(number(measured) or text)
    if len(shown) > _LONG:
        return f'<span class="long">{shown[:_LONGEST]}{"…" if len(shown) > _LONGEST else ""}</span>'
    return shown or '<span class="none">none</span>'


def _sections(found: Comparison, names: Sequence[str]) -> Iterator[str]:
    for title, aspects in _SECTIONS:
        own = found.caused(*aspects)
        used = [one for one in own if not any(detail.name == "used" for detail in one.details)]
        rest = [one for one in own if one not in used]
        content = _table(used, names, title) if used else ""
        if rest:
            inner = _table(rest, names, "Packages that the code does not use")
            said = f"{count(len(rest), 'package')} that the code does not use"
            content += f"<details><summary>{said}</summary>{inner}</details>"
        yield _section(title, content)
    follows = found.followed()
    hint = "Made in the runs: what made them differs too, or drew random numbers."
    yield _section("What came of it in memory", _table(follows, names, "Data") if follows else "", hint)


def _table(differences: Sequence[Difference], names: Sequence[str], caption: str) -> str:
    rows = []
    for one in differences:
        values = [value(each, _side(n)) for n, each in enumerate(one.values)]
        rows.append([readable(one.item), *values])
        rows += [
            [
                f'<span class="detail">{readable(detail.name)}</span>',
                *(_detail(each) for each in detail.values),
            ]
            for detail in one.details
            if detail.name != "used"
        ]
    return table(["what", *_heads(names)], rows, caption)


def _detail(text: str | None) -> str:
    return '<span class="none">—</span>' if text is None else f'<span class="detail">{readable(text)}</span>'


def _code(found: Comparison, names: Sequence[str]) -> str:
    parts = []
    for one in found.of(Aspect.CODE):
        places = " → ".join(dict.fromkeys(place or "none" for place in one.places)) or one.item
        head = f'<h3>{readable(places)} <span class="aspect">{one.change.value}</span></h3>'
        if one.diffs:
            several = len(one.diffs) > 1
            blocks = "".join(
                (f"<p>{_run(n, names[n])}</p>" if several else "") + diff_block(diff)
                for n, diff in enumerate(one.diffs, 1)
                if diff
            )
        else:
            values = one.details[0].values if one.details else one.values
            blocks = '<p class="numbers">' + _ARROW.join(
                value(each, _side(n)) for n, each in enumerate(values)
            )
            blocks += "</p>"
        parts.append(f"<article>{head}{blocks}</article>")
    return _section("Code", "".join(parts))


def _outputs(found: Comparison, names: Sequence[str]) -> str:
    parts = [
        f'<article><h3>{readable(one.item)} <span class="aspect">{readable(one.kind)}</span></h3>'
        f"{output_pair(one, names, found.pictures)}</article>"
        for one in found.outputs
    ]
    return _section("Outputs", "".join(parts))


def _notes(found: Comparison) -> str:
    items = "".join(f"<li>{readable(note)}</li>" for note in found.notes)
    return _section("Not known", f"<ul>{items}</ul>" if items else "")


def _footer(found: Comparison) -> str:
    words = " ".join(dict.fromkeys(one.run for one in found.compared))
    return (
        "<footer><p>Made from the record by <code>provkg compare "
        f"{readable(words)} --html FILE</code>. A difference is named as a cause only where it lies on the "
        "lineage of the result in one of the runs. This page loads nothing from elsewhere.</p></footer>"
    )
