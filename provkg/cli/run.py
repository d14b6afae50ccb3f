"""``run``: execute a notebook or script and record what happens."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from provkg.cli.options import pairs, with_home
from provkg.cli.output import print_rich, say, text_room

if TYPE_CHECKING:
    from provkg.config import Home

__all__ = ["print_run", "print_summary", "run"]


class _Run(click.Command):
    """What stands behind a script's name is the script's; behind a notebook's there may be our options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.allow_interspersed_args = False
        options, *_ = self.make_parser(ctx).parse_args(args=list(args))
        ctx.allow_interspersed_args = not options.get("module") and _is_notebook(options.get("path"))
        return super().parse_args(ctx, args)


def _is_notebook(path: object) -> bool:
    """Whether what is to be run is a notebook, by its name."""
    return isinstance(path, str) and path.lower().endswith(".ipynb")


@click.command(cls=_Run, short_help="Execute a notebook or script and record what happens.")
@click.argument("path", type=click.Path())
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.option("-m", "--module", is_flag=True, help="PATH is the name of a module, as for `python -m`.")
@click.option("--python", default="", metavar="PATH", help="The Python that runs a script, instead of this.")
@click.option(
    "-p",
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter, set in a cell after the one tagged `parameters`; again for each.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write the executed notebook here. Without it, it is not written.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Longest time for one cell.",
)
@click.option("--kernel", default="", metavar="NAME", help="The kernel to run in, instead of the notebook's.")
@click.option("--allow-errors", is_flag=True, help="Go on after a cell that fails.")
@click.option("--quiet", "-q", is_flag=True, help="No summary; of a notebook's run, only the id.")
@with_home
def run(
    home: Path | None,
    path: str,
    arguments: tuple[str, ...],
    module: bool,
    python: str,
    params: tuple[str, ...],
    output: Path | None,
    timeout: float | None,
    kernel: str,
    allow_errors: bool,
    quiet: bool,
) -> int:
    """Execute the notebook or script at PATH, unchanged, and record what happens.

    A notebook (`.ipynb`) runs in a fresh kernel. Exit code 1 when a cell fails: the run is recorded all the
    same. Anything else is a script, run as `python PATH ARGUMENTS` would run it, with the same output and
    exit code; options of provkg come before PATH, and the summary goes to the standard error stream.

    The record goes into the home that holds here; there is one afterwards if there was none.
    """
    from provkg.config import ensure_home

    given = {
        "-p": params,
        "-o": output,
        "--timeout": timeout,
        "--kernel": kernel,
        "--allow-errors": allow_errors,
    }
    if path == "-":
        raise click.UsageError(
            "A script is named by its file; what is read from standard input is not recorded."
        )
    if module or not _is_notebook(path):
        _refuse(given, "a script; what stands behind its name is passed to it")
        _run_script(path, arguments, ensure_home(path=home), module=module, python=python, quiet=quiet)
    _refuse({"--python": python, "an argument": arguments}, "a notebook; its parameters are set with -p")
    from provkg.capture.notebook import run_notebook
    from provkg.capture.parameters import scalar_of
    from provkg.cli.progress import progress
    from provkg.records import Status

    parameters = {name: scalar_of(value) for name, value in pairs(params, "-p").items()}
    place = ensure_home(path=home)
    with progress(Path(path)) as listen:
        report = run_notebook(
            path,
            place,
            parameters=parameters,
            output=output,
            timeout=timeout,
            kernel=kernel,
            allow_errors=allow_errors,
            on_event=listen,
            command=("provkg", *sys.argv[1:]),
        )
    if quiet:
        click.echo(report.run)
    else:
        print_run(place, report.run)
    if report.output:
        say(f"Executed notebook: {report.output}")
    if report.status is Status.INTERRUPTED and report.error and report.error.name == "KeyboardInterrupt":
        return 130
    return 0 if report.status is Status.SUCCEEDED else 1


def _refuse(given: Mapping[str, object], what: str) -> None:
    for option, value in given.items():
        if value:
            raise click.UsageError(f"{option} is not for {what}.")


def _run_script(
    script: str, arguments: tuple[str, ...], home: Home, *, module: bool, python: str, quiet: bool
) -> NoReturn:
    from provkg.capture.launch import launch

    interpreter = shutil.which(python) if python else ""
    if interpreter is None:
        raise click.UsageError(f"There is no Python interpreter {python!r}.")
    launch(
        script,
        arguments,
        home,
        module=module,
        python=interpreter,
        command=("provkg", *sys.argv[1:]),
        summary=not quiet,
    )


def print_summary(home: str, run_id: str) -> None:
    """Print the summary of a run; the process of a script asks for it when it ends."""
    from provkg.config import find_home

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    print_run(find_home(path=home), run_id)


def print_run(place: Home, run_id: str) -> None:
    """Print the summary of a run of a home."""
    from provkg import journal
    from provkg.cli.summary_view import draw_summary
    from provkg.views.suggestions import suggest
    from provkg.views.summary import summarize

    recorded = journal.read_run(place, run_id)
    assert recorded is not None, "the run's first event was written before it began"
    summary = summarize(recorded)
    print_rich(draw_summary(summary, suggest(summary), text_room()))
