"""The house's layers: imports go downwards only, and what a kernel loads stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import provkg

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(provkg.__file__).parent

LAYERS: dict[str, float] = {
    "records": 0,
    "terms": 0,
    "identity": 0,
    "errors": 0,
    "confidential": 0,
    "config": 0,
    "resources": 0,
    "media": 0,
    "addresses": 0,
    "plugins": 0,
    "journal": 0.5,  # capture appends to it, the store reads it
    "analysis": 1,
    "capture": 1,
    "importers": 1,
    "mapping": 2,
    "store": 3,
    "queries": 4,
    "results": 4,
    "reasoning": 4,
    "validation": 4,
    "annotating": 5,
    "compare": 5,
    "check": 5,
    "doctor": 5,
    "exporters": 5,
    "lineage": 5,
    "reproduce": 5,
    "views": 5,
    "cli": 6,
    "graph": 6,
    "jupyter": 6,
    "library": 6,
    "server": 6,
    "__main__": 7,
}
"""Each room and its layer; rooms of one layer may use one another, but for `APART`."""

APART = {frozenset({"capture", "mapping"}), frozenset({"capture", "importers"})}
"""Rooms that meet in the record only."""

HEAVY = {
    "IPython",
    "asyncio",
    "click",
    "joblib",
    "nbclient",
    "nbformat",
    "numpy",
    "owlready2",
    "pandas",
    "pyoxigraph",
    "rdflib",
    "rich",
    "sklearn",
    "yaml",
}
"""What nobody's kernel should load because of us."""

KERNEL_SIDE = (
    "jupyter",
    "__init__",
    "records",
    "errors",
    "confidential",
    "config",
    "identity",
    "journal",
    "capture",
    "analysis",
    "library",
)
RUNNER = {"capture/client.py", "capture/document.py", "capture/notebook.py"}
"""Modules of `capture` that run outside the kernel."""


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


def room_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(tree: ast.AST, *, only_at_import: bool = False) -> Iterator[tuple[str, int]]:
    """The modules a tree imports, with their lines; ``only_at_import`` leaves out bodies of functions and
    what type checkers alone see."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield node.module, node.lineno
            if node.module == "provkg":
                yield from ((f"provkg.{alias.name}", node.lineno) for alias in node.names)
        elif only_at_import and unseen_at_import(node):
            continue
        else:
            yield from imported(node, only_at_import=only_at_import)


def unseen_at_import(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.dump(node.test)
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def rooms_used(module: Path) -> Iterator[tuple[str, int]]:
    for name, line in imported(ast.parse(module.read_bytes())):
        package, _, rest = name.partition(".")
        room = rest.partition(".")[0]
        if package == "provkg" and room in LAYERS:
            yield room, line


def test_every_room_has_a_layer() -> None:
    rooms = {room_of(module) for module in modules()} - {"__init__"}
    assert rooms <= LAYERS.keys()


@pytest.mark.parametrize("module", [one for one in modules() if room_of(one) != "__init__"], ids=name_of)
def test_imports_go_downwards_only(module: Path) -> None:
    room = room_of(module)
    wrong = [
        f"{name_of(module)}:{line} uses {used}"
        for used, line in rooms_used(module)
        if LAYERS[used] > LAYERS[room] or frozenset({room, used}) in APART
    ]
    assert not wrong


@pytest.mark.parametrize("room", ["records", "terms", "errors"])
def test_the_foundations_import_nothing_of_ours(room: str) -> None:
    files = sorted((PACKAGE / room).glob("*.py")) or [PACKAGE / f"{room}.py"]
    used = {used for file in files for used, _ in rooms_used(file)}
    assert used <= {room}


@pytest.mark.parametrize(
    "module",
    [one for one in modules() if room_of(one) in KERNEL_SIDE and name_of(one) not in RUNNER],
    ids=name_of,
)
def test_modules_that_kernels_load_import_nothing_heavy(module: Path) -> None:
    tree = ast.parse(module.read_bytes())
    heavy = [
        f"{name_of(module)}:{line} imports {name}"
        for name, line in imported(tree, only_at_import=True)
        if name.partition(".")[0] in HEAVY
    ]
    assert not heavy


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_provkg_loads_nothing_but_the_standard_library() -> None:
    before, after = loaded_by("pass"), loaded_by("import provkg")
    assert after - before - {"provkg"} <= sys.stdlib_module_names
    assert "asyncio" not in after


def test_the_help_of_the_command_line_loads_neither_store_nor_rich() -> None:
    after = loaded_by("from provkg.cli.main import cli\ntry: cli(['--help'])\nexcept SystemExit: pass")
    assert "click" in after
    assert not after & (HEAVY - {"click"})
