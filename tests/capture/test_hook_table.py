"""The table that says when the hooks of a library are loaded."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from importlib import import_module

import provkg.capture.hooks as rooms
from provkg.capture.hooks import HOOKS
from provkg.config import Home
from tests.capture.conftest import Execute


def test_the_table_names_the_modules_that_each_room_of_hooks_is_about() -> None:
    tables = {}
    for found in pkgutil.iter_modules(rooms.__path__):
        table = getattr(import_module(f"{rooms.__name__}.{found.name}"), "AFTER_IMPORT", None)
        if table is not None:
            tables[found.name] = tuple(sorted(table))
    assert tables == {name: tuple(sorted(modules)) for name, modules in HOOKS.items()}


def test_no_hooks_are_imported_before_their_library() -> None:
    code = (
        "import sys, provkg.capture.ipython\n"
        "from provkg.capture.hooks import HOOKS, after_imports\n"
        "assert list(after_imports())\n"
        "print([name for name in HOOKS if f'provkg.capture.hooks.{name}' in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


def test_hooks_can_be_left_out(home: Home, execute: Execute) -> None:
    config = home.path / "config.toml"
    told = config.read_text(encoding="utf-8")
    cells = "import pandas as pd\na = pd.DataFrame({'x': [1, 2]})\nb = a.dropna()"
    linked = {link.operation for link in execute(cells).links}
    config.write_text(
        told.replace("leave_out_hooks = []", 'leave_out_hooks = ["pandas", "panda"]'), encoding="utf-8"
    )
    recorded = execute(cells)
    assert linked == {"pandas.DataFrame.dropna"}
    assert linked.isdisjoint(link.operation for link in recorded.links)
    assert "config.toml: there are no hooks 'panda' to leave out" in recorded.notices
