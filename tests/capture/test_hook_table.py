"""The table that says when the hooks of a library are loaded."""

from __future__ import annotations

import pkgutil
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import provkg.capture.hooks as rooms
from provkg.capture.hooks import HOOKS
from provkg.config import Home
from tests.capture.conftest import Execute

ROOT = Path(__file__).parents[2]
IMPORTED_AS = {
    "scikit-learn": "sklearn",
    "Pillow": "PIL",
    "PyYAML": "yaml",
    "Keras 3": "keras",
    "NumPy's generators": "numpy",
}
"""What the documented libraries are imported as, where that is not their name in small letters."""
PARTS = ("http", "lightning_fabric", "mpl_toolkits", "patsy", "pytorch_lightning")
"""Packages that come with a documented library."""
IMPORTS = re.compile(r"(?:import|from|importorskip\(\") ?([^\"\n\\]+)")


def test_the_table_names_the_modules_that_each_room_of_hooks_is_about() -> None:
    tables = {}
    for found in pkgutil.iter_modules(rooms.__path__):
        table = getattr(import_module(f"{rooms.__name__}.{found.name}"), "AFTER_IMPORT", None)
        if table is not None:
            tables[found.name] = tuple(sorted(table))
    assert tables == {name: tuple(sorted(modules)) for name, modules in HOOKS.items()}


def test_the_documented_table_names_every_library_with_the_tests_that_hold_it() -> None:
    text = (ROOT / "docs" / "capture.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ") and "`" in line]
    documented = set()
    for row in rows:
        modules = {IMPORTED_AS.get(name, name.lower()) for name in row[0].removeprefix("| ").split(", ")}
        tests = [ROOT / f"tests/capture/test_{name}.py" for name in re.findall("`(.+?)`", row[-1])]
        sources = [path.read_text(encoding="utf-8") for path in tests]
        imports = {
            word for each in sources for line in IMPORTS.findall(each) for word in re.findall(r"\w+", line)
        }
        assert modules <= imports, row[0]
        large = {"pytest.mark.large" in each for each in sources}
        assert large == {row[-1].startswith("optional job")}, row[0]
        documented |= modules
    hooked = {module.partition(".")[0] for modules in HOOKS.values() for module in modules}
    assert hooked - {*PARTS} <= documented


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
