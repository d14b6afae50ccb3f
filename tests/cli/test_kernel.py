"""Kernels that record by themselves: installed where asked, listed, removed, and refused with a remedy."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from provkg.errors import KernelError
from provkg.jupyter.kernelspec import install, uninstall

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment whose kernels Jupyter knows."""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "env" / "share" / "jupyter"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "user"))
    return tmp_path / "env"


def test_a_kernel_is_installed_listed_and_removed(provkg: Command, prefix: Path) -> None:
    done = provkg("kernel", "install", "--prefix", str(prefix), "--env", "A=1")
    assert done.code == 0, done.err
    folder = prefix / "share" / "jupyter" / "kernels" / "provkg"
    assert done.out == f"{folder}\n"
    spec = json.loads((folder / "kernel.json").read_text())
    assert spec["argv"][0] == sys.executable
    assert "--IPKernelApp.extra_extensions=provkg" in spec["argv"]
    assert spec["env"] == {"A": "1"}
    assert (folder / "logo-64x64.png").is_file()
    assert KernelSpecManager().get_kernel_spec("provkg").language == "python"
    again = provkg("--home", str(prefix / "home"), "kernel", "install", "--prefix", str(prefix))
    assert again.code == 0, "a kernel of provkg's takes the place of another"
    assert json.loads((folder / "kernel.json").read_text())["env"] == {"PROVKG_HOME": str(prefix / "home")}
    [listed] = json.loads(provkg("kernel", "list", "-f", "json").out)
    assert (listed["name"], listed["python"], listed["folder"]) == ("provkg", sys.executable, str(folder))
    assert "provkg" in provkg("kernel", "list").out
    assert provkg("kernel", "uninstall").code == 0
    assert not folder.exists()
    assert "kernel install" in provkg("kernel", "list").err


def test_one_can_be_installed_for_the_user_under_a_name_of_its_own(provkg: Command, prefix: Path) -> None:
    done = provkg("kernel", "install", "--user", "--name", "mine", "--display-name", "Mine")
    assert done.code == 0, done.err
    assert str(prefix.parent / "user") in done.out
    assert KernelSpecManager().get_kernel_spec("mine").display_name == "Mine"
    assert provkg("kernel", "uninstall", "mine").code == 0


def test_what_cannot_be_installed_is_refused_with_a_remedy(provkg: Command, prefix: Path) -> None:
    where = ("kernel", "install", "--prefix", str(prefix))
    other = prefix / "share" / "jupyter" / "kernels" / "other"
    other.mkdir(parents=True)
    (other / "kernel.json").write_text('{"argv": ["x"], "display_name": "Other", "language": "x"}')
    for arguments, says in (
        ((*where, "--name", "a b"), "Not a kernel's name"),
        ((*where, "--name", "other"), "another kernel 'other'"),
        ((*where, "--user"), "exclude each other"),
        ((*where, "--python", str(prefix / "none")), "cannot be run"),
        ((*where, "--python", "/bin/true"), "-m pip install provkg"),
        ((*where, "--env", "novalue"), "NAME=VALUE".lower()),
        (("kernel", "uninstall", "other"), "No kernel of provkg's"),
    ):
        done = provkg(*arguments)
        assert done.code == 2, arguments
        assert says in done.err
    assert provkg(*where, "--name", "other", "--replace").code == 0
    blocked = prefix / "blocked"
    blocked.write_text("a file where the folder would be")
    with pytest.raises(KernelError, match="Cannot write"):
        install(prefix=str(blocked))
    with pytest.raises(KernelError, match="absent"):
        uninstall("absent")
