"""``kernel``: kernels that record by themselves, for JupyterLab and every other client."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from provkg.cli.options import pairs, table_room, with_home
from provkg.cli.output import print_rich, print_text, say

__all__ = ["kernel"]


@click.group(short_help="Install a Jupyter kernel that records by itself.")
def kernel() -> None:
    """Jupyter kernels that record everything that is run in them.

    In JupyterLab, Notebook, VS Code, papermill, nbconvert or a console, choose the kernel, and each session
    of it is a run.
    """


@kernel.command(short_help="Install a kernel.")
@click.option("--user", "place", flag_value="user", help="For this user.")
@click.option("--sys-prefix", "place", flag_value="sys-prefix", help="In the environment of this Python.")
@click.option("--prefix", type=click.Path(path_type=Path), metavar="FOLDER", help="In the environment there.")
@click.option("--name", default="provkg", show_default=True, help="What programs call it.")
@click.option("--display-name", default="", metavar="TEXT", help="What people see.")
@click.option(
    "--python",
    default="",
    metavar="PATH",
    help="The Python it starts, in which provkg and ipykernel are installed. Without it: this one.",
)
@click.option(
    "--env",
    "variables",
    multiple=True,
    metavar="NAME=VALUE",
    help="A variable for the kernel; again for each.",
)
@click.option("--replace", is_flag=True, help="Take the place of another kernel of that name.")
@with_home
def install(
    home: Path | None,
    place: str | None,
    prefix: Path | None,
    name: str,
    display_name: str,
    python: str,
    variables: tuple[str, ...],
    replace: bool,
) -> None:
    """Install a kernel that records by itself.

    It goes into the virtual environment of this Python, or else among those of the user. What it records
    goes into the home that holds for the folder of the notebook, or into the one that --home names.
    """
    from provkg.jupyter.kernelspec import install as install_kernel

    if place and prefix:
        raise click.UsageError(f"--prefix and --{place} exclude each other.")
    environment = pairs(variables, "--env")
    if home is not None:
        environment["PROVKG_HOME"] = str(home.absolute())
    made = install_kernel(
        name=name,
        display_name=display_name,
        python=python,
        user=place == "user",
        prefix=str(prefix.absolute()) if prefix else sys.prefix if place == "sys-prefix" else "",
        environment=environment,
        replace=replace,
    )
    print_text(f"{made.folder}\n")
    say(f"The kernel {made.display_name!r} ({made.name}) records with {made.python}.")


@kernel.command(short_help="Remove a kernel.")
@click.argument("name", default="provkg")
def uninstall(name: str) -> None:
    """Remove the kernel NAME (provkg by default). What it recorded stays."""
    from provkg.jupyter.kernelspec import uninstall as uninstall_kernel

    removed = uninstall_kernel(name)
    say(f"The kernel {removed.display_name!r} ({removed.name}) is removed.")


@kernel.command(name="list", short_help="List the kernels that record.")
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How to write it.",
)
def list_(format_: str) -> None:
    """List the kernels known here that record by themselves."""
    from provkg.jupyter.kernelspec import installed

    found = list(installed())
    if format_ == "json":
        import msgspec

        print_text(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    elif not found:
        say("No kernel records by itself. To install one: provkg kernel install")
    else:
        from rich.text import Text

        from provkg.cli.summary_view import table

        drawn = table("cyan", "", "", "", header=("name", "shown as", "python", "folder"))
        for one in found:
            drawn.add_row(*map(Text, (one.name, one.display_name, one.python, one.folder)))
        print_rich(drawn, table_room())
