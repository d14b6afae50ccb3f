"""``lineage``: what a thing came from, or what came of it."""

from __future__ import annotations

from pathlib import Path

import click

from provkg.cli.completion import complete_run, complete_thing
from provkg.cli.options import opened, table_room, with_home
from provkg.cli.output import PIPED_WIDTH, print_rich, print_text, rich_text, say

__all__ = ["lineage"]


@click.command(short_help="Show what a thing came from, or what came of it.")
@click.argument("thing", shell_complete=complete_thing)
@click.option("-d", "--downstream", is_flag=True, help="What came of it, instead of what it came from.")
@click.option(
    "--run", default="latest", show_default=True, shell_complete=complete_run, help="The run to look in."
)
@click.option("--observed", is_flag=True, help="Follow only what was seen at run time.")
@click.option("--depth", type=click.IntRange(min=1), help="How many steps to follow at most.")
@click.option("--all", "everything", is_flag=True, help="Show things without a name, and inner steps, too.")
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(("tree", "json", "dot", "svg", "prov")),
    default="tree",
    show_default=True,
    help="How to write it; prov is PROV-O in Turtle.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file."
)
@with_home
def lineage(
    home: Path | None,
    thing: str,
    downstream: bool,
    run: str,
    observed: bool,
    depth: int | None,
    everything: bool,
    format_: str,
    output: Path | None,
) -> None:
    """Show what THING came from, or with -d what came of it, also in other runs.

    THING is a model, table, file, result, figure or other output, as `provkg show` takes it: a variable, a
    path, a metric, the beginning of a digest, or an identifier; or a column: df.price, 'df[unit price]'.
    Columns are followed one by one as far as that is known. From run to run the way leads through files:
    what was read came from what was written before with the same content.

    A step that was not seen at run time says how it is known.
    """
    from provkg.lineage import asked, readable, to_dot, to_prov, to_svg, trace

    with opened(home) as (_, store):
        found = trace(
            store,
            asked(store, thing, run, downstream=downstream),
            downstream=downstream,
            observed=observed,
            depth=depth if everything else None,
        )
        if not everything:
            found = readable(found, depth)
        if format_ == "prov":
            from provkg.results import to_turtle

            text = to_turtle(to_prov(store, found), store.prefixes)
    if not found.complete:
        say(f"provkg: there is more: only the first {len(found.nodes):,} things were followed.")
    if format_ == "json":
        import msgspec

        text = msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"
    elif format_ == "dot":
        text = to_dot(found)
    elif format_ == "svg":
        text = to_svg(found)
    elif format_ == "tree":
        from provkg.cli.lineage_view import draw_lineage

        drawn = draw_lineage(found)
        if output is None:
            print_rich(drawn, table_room())
            return
        text = rich_text(drawn, PIPED_WIDTH)
    if output is None:
        print_text(text)
    else:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise click.UsageError(f"cannot write {output}: {error.strerror}.") from error
