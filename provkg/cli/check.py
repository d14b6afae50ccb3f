"""``check``: is a run sound, and can it be repeated?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from provkg.cli.completion import complete_run
from provkg.cli.options import opened, with_home
from provkg.cli.output import PIPED_WIDTH, print_rich, print_text, rich_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provkg.check import Rule

__all__ = ["check"]

_SEVERITIES = ("error", "warning", "note")


@click.command(short_help="Say whether a run is sound and can be repeated.")
@click.argument("run", default="latest", shell_complete=complete_run)
@click.option("--rule", "only", multiple=True, metavar="NAME", help="Apply only this rule; may be repeated.")
@click.option("--skip", multiple=True, metavar="NAME", help="Leave out this rule; may be repeated.")
@click.option("--list", "listed", is_flag=True, help="List the rules, with why and what to do.")
@click.option(
    "--fail-on",
    type=click.Choice((*_SEVERITIES, "never")),
    default="error",
    show_default=True,
    help="End with code 1 when there is a finding of this severity or a graver one.",
)
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(("text", "json", "sarif")),
    default="text",
    show_default=True,
    help="How to write it; sarif is for editors and continuous integration.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file."
)
@with_home
def check(
    home: Path | None,
    run: str,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    listed: bool,
    fail_on: str,
    format_: str,
    output: Path | None,
) -> int:
    """Check a run: what makes its results doubtful, and what keeps others from having them again.

    RUN is as for `provkg show`; without it, the latest. Each finding says where, how it is known, and which
    triples prove it. Rules are files: queries/checks/ has those of provkg, and `check.rules` in config.toml
    names folders with your own; `check.leave_out` there switches rules off.
    """
    from provkg.check import check_run, to_sarif
    from provkg.check import rules as known_rules
    from provkg.cli.check_view import draw_rules, draw_verdict

    with opened(home) as (place, store):
        known = known_rules(place.path / folder for folder in place.check.rules)
        chosen = _chosen(known, only, (*skip, *(name for name in place.check.leave_out if name not in only)))
        if listed:
            print_rich(draw_rules(chosen))
            return 0
        verdict = check_run(store, run, chosen)
    if format_ == "sarif":
        text = to_sarif(verdict) + "\n"
    elif format_ == "json":
        import msgspec

        text = msgspec.json.format(msgspec.json.encode(verdict), indent=2).decode() + "\n"
    elif output is None:
        print_rich(draw_verdict(verdict))
        text = ""
    else:
        text = rich_text(draw_verdict(verdict), PIPED_WIDTH)
    _write(text, output)
    worst = verdict.worst()
    grave = _SEVERITIES[: _SEVERITIES.index(fail_on) + 1] if fail_on != "never" else ()
    return int(worst in grave)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        print_text(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"cannot write {output}: {error.strerror}.") from error


def _chosen(known: Mapping[str, Rule], only: tuple[str, ...], skip: tuple[str, ...]) -> list[Rule]:
    from difflib import get_close_matches

    for name in (*only, *skip):
        if name not in known:
            near = get_close_matches(name, known, n=3, cutoff=0.4)
            hint = f" Did you mean {' or '.join(near)}?" if near else " `provkg check --list` lists them."
            raise click.UsageError(f"There is no rule {name!r}.{hint}")
    return [rule for name, rule in known.items() if (not only or name in only) and name not in skip]
