"""Jupyter kernels that record by themselves: specifications that start ipykernel with capture on."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from provkg import __version__
from provkg.errors import KernelError

__all__ = ["DEFAULT_NAME", "Kernel", "install", "installed", "uninstall"]

DEFAULT_NAME = "provkg"
_ARGUMENT = "--IPKernelApp.extra_extensions=provkg"
_NAME = re.compile(r"[a-z0-9._-]+", re.IGNORECASE)
_SECONDS = 60
_ASK = f"""
import json, sys
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
import provkg.capture.ipython, provkg.jupyter.extension
version = ".".join(map(str, sys.version_info[:2]))
print(json.dumps([get_kernel_dict([{_ARGUMENT!r}]), version, RESOURCES]))
"""


class Kernel(msgspec.Struct, frozen=True, kw_only=True):
    """A kernel specification that records: its name, what people see, the Python it starts, its folder."""

    name: str
    display_name: str
    python: str
    folder: str


def install(
    *,
    name: str = DEFAULT_NAME,
    display_name: str = "",
    python: str = "",
    user: bool = False,
    prefix: str = "",
    environment: Mapping[str, str] | None = None,
    replace: bool = False,
) -> Kernel:
    """Install a kernel that records everything that is run in it.

    Parameters:
        name: what programs call it.
        display_name: what people see.
        python: the interpreter it starts; by default this one.
        user: install it for this user.
        prefix: install it in the environment at this prefix. Without either it goes where this Python's
            own kernels are: its virtual environment, or else the user's folder.
        environment: variables that the kernel is started with.
        replace: take the place of another kernel of that name.

    Raises:
        KernelError: that Python cannot record, the name is taken or no name, or the folder cannot be written.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    if not _NAME.fullmatch(name):
        raise KernelError(
            f"Not a kernel's name: {name!r}.", "It has letters, digits, `.`, `-` and `_`, as in `provkg`."
        )
    spec, version, resources = _ask(python or sys.executable)
    spec["display_name"] = display_name or f"Python {version} (provkg)"
    spec["metadata"] = {**spec.get("metadata", {}), "provkg": {"version": __version__}}
    if environment:
        spec["env"] = dict(environment)
    if not user and not prefix:
        prefix = sys.prefix if sys.prefix != sys.base_prefix else ""
    manager = KernelSpecManager()
    folder = Path(manager._get_destination_dir(name, user=user or not prefix, prefix=prefix or None))
    _check_free(folder, name, replace=replace)
    with tempfile.TemporaryDirectory() as made:
        draft = Path(made) / name
        _draw(draft, spec, resources)
        try:
            manager.install_kernel_spec(str(draft), name, user=user or not prefix, prefix=prefix or None)
        except OSError as error:
            raise KernelError(
                f"Cannot write the kernel to {folder}: {error.strerror}.",
                "Choose another place with --user, --sys-prefix or --prefix.",
            ) from error
    return Kernel(name=name, display_name=spec["display_name"], python=spec["argv"][0], folder=str(folder))


def uninstall(name: str = DEFAULT_NAME) -> Kernel:
    """Remove a kernel that records; returns what it was.

    Raises:
        KernelError: there is none of that name, it is not one of provkg's, or it cannot be removed.
    """
    kernels = {kernel.name: kernel for kernel in installed()}
    kernel = kernels.get(name.lower())
    if kernel is None:
        known = f"There are {', '.join(kernels)}." if kernels else "There is none."
        raise KernelError(f"No kernel of provkg's has the name {name!r}.", known)
    try:
        shutil.rmtree(kernel.folder)
    except OSError as error:
        raise KernelError(f"Cannot remove {kernel.folder}: {error.strerror}.") from error
    return kernel


def installed() -> Iterator[Kernel]:
    """The kernels known here that record by themselves."""
    from jupyter_client.kernelspec import KernelSpecManager

    for name, found in sorted(KernelSpecManager().get_all_specs().items()):
        spec = found["spec"]
        if _records(spec):
            yield Kernel(
                name=name,
                display_name=str(spec.get("display_name", "")),
                python=str(spec["argv"][0]),
                folder=str(found["resource_dir"]),
            )


def _records(spec: Mapping[str, Any]) -> bool:
    return "provkg" in spec.get("metadata", {}) or any(
        "extra_extensions=provkg" in word for word in spec.get("argv", ())
    )


def _ask(python: str) -> tuple[dict[str, Any], str, str]:
    """The plain specification of a Python's kernel with capture on, its version, and its icons' folder."""
    command = [python, "-W", "ignore", "-c", _ASK]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KernelError(
            f"{python} cannot be run: {error}.", "Give the path of a Python interpreter with --python."
        ) from error
    try:
        spec, version, resources = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise KernelError(
            f"{python} cannot record: {last}", f"Install provkg there: {python} -m pip install provkg"
        ) from None
    return spec, version, resources


def _check_free(folder: Path, name: str, *, replace: bool) -> None:
    if replace or not folder.exists():
        return
    try:
        spec = json.loads((folder / "kernel.json").read_bytes())
    except (OSError, ValueError):
        spec = {}
    if not isinstance(spec, dict) or not _records(spec):
        raise KernelError(
            f"There is another kernel {name!r} in {folder}.",
            "Choose another --name, or --replace it.",
        )


def _draw(folder: Path, spec: Mapping[str, Any], resources: str) -> None:
    folder.mkdir()
    (folder / "kernel.json").write_text(json.dumps(spec, indent=1) + "\n", encoding="utf-8")
    for icon in sorted(Path(resources).glob("logo-*")) if resources else ():
        shutil.copy(icon, folder)
