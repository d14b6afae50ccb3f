"""The ``provkg`` command: finds the verb, and turns what goes wrong into one line and an exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from provkg import __version__
from provkg.cli.output import say
from provkg.errors import ProvkgError

__all__ = ["COMMANDS", "cli", "main"]

COMMANDS = {
    "init": ("provkg.cli.home", "init", "Make a home for what is recorded."),
    "run": ("provkg.cli.run", "run", "Execute a notebook or script and record what happens."),
    "ingest": ("provkg.cli.ingest", "ingest", "Read saved notebooks into the record without running them."),
    "runs": ("provkg.cli.runs", "runs", "List the recorded runs."),
    "table": ("provkg.cli.table", "table", "List runs or models with all settings and metrics."),
    "show": ("provkg.cli.runs", "show", "Show one thing and all that is known of it."),
    "lineage": ("provkg.cli.lineage", "lineage", "Show what a thing came from, or what came of it."),
    "compare": ("provkg.cli.compare", "compare", "Say in what runs differ, and why their results do."),
    "check": ("provkg.cli.check", "check", "Say whether a run is sound and can be repeated."),
    "annotate": ("provkg.cli.annotate", "annotate", "Say of a thing what no recorder can see."),
    "questions": ("provkg.cli.ask", "questions", "List the questions that can be asked."),
    "ask": ("provkg.cli.ask", "ask", "Answer a question."),
    "sparql": ("provkg.cli.ask", "sparql", "Answer a SPARQL query of your own."),
    "rebuild": ("provkg.cli.home", "rebuild", "Make the store anew from the journal."),
    "doctor": ("provkg.cli.home", "doctor", "Say what is wrong here and how to mend it."),
    "kernel": ("provkg.cli.kernel", "kernel", "Install a Jupyter kernel that records by itself."),
    "completion": ("provkg.cli.completion", "completion", "Print the completion script of a shell."),
}
"""Each verb: its module, its function and its short help. A module is imported when its verb is used."""


class _Verbs(click.Group):
    """A group that lists its commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, function, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), function)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and name not in COMMANDS and not name.startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(name, COMMANDS, n=3)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise click.UsageError(f"There is no command {name!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, _, short) in COMMANDS.items()])


@click.group(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Data goes to standard output, messages to standard error. "
    "Exit code: 0 fine, 1 the answer is no (a failed notebook, something to mend), "
    "2 wrong usage or bad input.",
)
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The home folder to use. Without it: PROVKG_HOME, else the nearest .provkg from here upwards.",
)
@click.version_option(__version__, message="provkg %(version)s")
@click.pass_context
def cli(ctx: click.Context, home: Path | None) -> None:
    """Record what happens when notebooks and scripts run, and ask about it."""
    ctx.obj = home


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What was recorded may hold what the terminal's encoding cannot.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone (`provkg runs | head -1`): nothing is left to say, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    sys.exit(code)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        result = cli.main(
            args=list(arguments) if arguments is not None else None, prog_name="provkg", standalone_mode=False
        )
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "provkg"
        _complain(error.format_message(), f"`{command} --help` says how it is used.")
    except click.ClickException as error:
        _complain(error.format_message())
    except click.Abort:
        say("provkg: interrupted")
        return 130
    except ProvkgError as error:
        _complain(error.message, error.remedy)
    else:
        return result if isinstance(result, int) else 0
    return 2


def _complain(message: str, remedy: str = "") -> None:
    say(f"provkg: {message}")
    if remedy:
        say(remedy)
