"""Analysis of a cell, a script, or one function, from its text."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from inspect import getblock
from tokenize import TokenError

from provkg.analysis.code import CellCode
from provkg.analysis.deep import analyse_deep
from provkg.analysis.knowledge import Knowledge
from provkg.analysis.knowledge import knowledge as shipped_knowledge
from provkg.analysis.magics import Walk
from provkg.analysis.parsing import parse
from provkg.records import Scalar

__all__ = ["analyse", "analyse_function"]

_NO_ALIASES: Mapping[str, str] = {}
_NO_CONSTANTS: Mapping[str, Scalar] = {}
_BY_NONE: dict[str, int] = {}


def analyse(
    source: str,
    *,
    transformed: bool = False,
    aliases: Mapping[str, str] = _NO_ALIASES,
    constants: Mapping[str, Scalar] = _NO_CONSTANTS,
    knowledge: Knowledge | None = None,
    tree: ast.Module | None = None,
) -> CellCode:
    r"""What the text of a cell or script says. Never raises: what cannot be parsed has an ``error``.

    Parameters:
        source: the text as the user wrote it, or as IPython transformed it.
        transformed: the source has been through IPython's transform.
        aliases: what names imported by earlier cells stand for (``{"pd": "pandas"}``).
        constants: what variables that earlier cells set are known to hold.
        knowledge: what library calls mean; what ships with provkg by default.
        tree: the syntax tree of ``source`` where there is one already; it is not changed.

    >>> code = analyse("import pandas as pd\ndf = pd.read_csv('a.csv')\ndf['x'] = y * 2")
    >>> sorted(code.defines), dict(code.reads), sorted(code.changes)
    (['df', 'pd'], {'y': 1}, ['df'])
    >>> code.calls[0].function, code.calls[0].arguments[0].literal, code.calls[0].targets
    ('pandas.read_csv', 'a.csv', ('df',))
    """
    if tree is None:
        parsed = parse(source, transformed=transformed)
        if parsed.tree is None:
            return CellCode(error=parsed.error, error_line=parsed.line)
        source, tree = parsed.source, parsed.tree
    return _analyse_tree(tree, source, aliases, knowledge or shipped_knowledge(), 0, constants)


def analyse_function(
    source: str,
    first_line: int,
    name: str = "",
    *,
    aliases: Mapping[str, str] = _NO_ALIASES,
    knowledge: Knowledge | None = None,
) -> CellCode:
    """What the text of one function says; lines count as in the whole text.

    Parameters:
        source: the text of the file or cell that holds the function.
        first_line: where it begins, its decorators included: ``code.co_firstlineno``.
        name: its name, ``code.co_name``; a lambda's or comprehension's whole text is analysed.

    The function is the first of ``bodies``; its parameters are known there. Never raises: text without
    a function there has an ``error``.
    """
    lines = source.splitlines(keepends=True)
    if not 0 < first_line <= len(lines):
        return CellCode(error=f"there is no line {first_line}")
    if name.startswith("<"):
        return analyse(source, aliases=aliases, knowledge=knowledge)
    try:
        block = "".join(getblock(lines[first_line - 1 :]))
    except (SyntaxError, TokenError):
        block = "".join(lines[first_line - 1 :])
    shift = first_line - 1
    if block[:1].isspace():
        block, shift = f"if 1:\n{block}", shift - 1
    parsed = parse(block, transformed=True)
    if parsed.tree is None:
        return analyse(source, aliases=aliases, knowledge=knowledge)
    body = parsed.tree.body
    if len(body) == 1 and isinstance(body[0], ast.If):
        body = body[0].body
    tree = ast.Module(body, [])
    return _analyse_tree(tree, parsed.source, aliases, knowledge or shipped_knowledge(), shift)


def _analyse_tree(
    tree: ast.Module,
    source: str,
    aliases: Mapping[str, str],
    knowledge: Knowledge,
    shift: int,
    constants: Mapping[str, Scalar] = _NO_CONSTANTS,
) -> CellCode:
    walk = Walk(source.split("\n"), knowledge, aliases)
    walk.shift = shift
    walk.constants = {name: (value, _BY_NONE) for name, value in constants.items()}
    try:
        walk.walk(tree.body)
        walk.finish()
    except RecursionError:
        return analyse_deep(tree)
    return CellCode(
        defines=frozenset(walk.defines),
        reads=walk.reads,
        uncertain=frozenset(walk.reads.keys() - walk.certain_reads),
        builtins=walk.builtins,
        changes=frozenset(walk.changes),
        deletes=frozenset(walk.deletes),
        imports=tuple(walk.imports),
        uses_modules=walk.uses,
        aliases={name: walk.meaning[name] for name in walk.defines if name in walk.meaning},
        constants={n: value for n, (value, _) in walk.constants.items() if n in walk.defines},
        calls=tuple(walk.calls),
        statements=tuple(walk.statements),
        bindings=tuple(walk.bindings),
        blocks=tuple(walk.blocks),
        bodies=tuple(walk.bodies),
        offset=walk.offset,
    )
