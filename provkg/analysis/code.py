"""What the text of one cell, function body or script says: the values that analysis returns.

Everything here is read from the text alone. A statement here is a simple statement or the header of a
compound one (``for x in xs:``); bodies are statements of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from provkg.records import Import, Scalar

__all__ = [
    "Argument",
    "Binding",
    "BindingKind",
    "Block",
    "BlockKind",
    "Body",
    "Call",
    "CellCode",
    "Exit",
    "Statement",
]


class BindingKind(StrEnum):
    """How a statement gives a name its object, or changes the object the name has."""

    ASSIGNED = "assigned"
    AUGMENTED = "augmented"
    ITERATED = "iterated"
    ENTERED = "entered"
    """Bound by ``with … as``."""
    CAUGHT = "caught"
    """Bound by ``except … as``."""
    MATCHED = "matched"
    IMPORTED = "imported"
    DEFINED = "defined"
    """Bound by ``def`` or ``class``."""
    PARAMETER = "parameter"
    CHANGED = "changed"
    """The object is changed in place; the name keeps it."""
    DELETED = "deleted"


class BlockKind(StrEnum):
    """What decides which arms of a compound statement run."""

    IF = "if"
    MATCH = "match"
    LOOP = "loop"
    TRY = "try"
    BODY = "body"
    """The body of a function or class: a scope of its own."""


class Exit(StrEnum):
    """Where a statement leaves its block for."""

    NONE = ""
    LOOP = "loop"
    """``break`` or ``continue``."""
    BODY = "body"
    """``return`` or ``raise``."""


class Argument(Struct, frozen=True):
    """One argument of a call.

    ``keyword`` is empty for a positional one and ``*`` or ``**`` for an unpacked one. ``literal`` holds
    the value when ``known``: a constant, or what constants of the cell add up to (``folder + "/a.csv"``).
    ``names`` are the variables in it that carry data; ``variable`` is the name when it is one alone.
    ``call`` is the index in the cell's calls of the call that it is, or that it is a part of the result of
    (``f(x)[0].y``), or -1.
    """

    keyword: str
    text: str
    names: frozenset[str] = frozenset()
    variable: str = ""
    literal: Scalar = None
    known: bool = False
    call: int = -1


class Call(Struct, frozen=True):
    """One call as the text has it.

    ``function`` is the dotted name with import aliases resolved (``pandas.read_csv``); in a chain, ``()``
    stands for a call and ``[]`` for a subscript (``sklearn.svm.SVC().fit``). ``receiver`` is the variable
    a method is called on. ``targets`` are the names the result is assigned to. ``alone`` says that the
    result is not used. ``body`` is the index of the function or class body it stands in, or -1. ``column`` is
    where it begins in its line, from 0 in bytes.
    """

    function: str
    line: int
    end_line: int
    arguments: tuple[Argument, ...] = ()
    receiver: str = ""
    targets: tuple[str, ...] = ()
    alone: bool = False
    body: int = -1
    statement: int = 0
    imported: bool = False
    """Whether ``function`` begins with an imported name."""
    column: int = 0


class Binding(Struct, frozen=True):
    """That a statement binds or changes ``name``, and the names that carry data into it."""

    name: str
    line: int
    sources: frozenset[str]
    kind: BindingKind
    statement: int
    body: int = -1


class Statement(Struct, frozen=True):
    """One statement: its lines, the names it loads, binds, and whose objects it changes in place.

    Variables of comprehensions and lambdas are left out, and builtins too.
    """

    line: int
    end_line: int
    loads: frozenset[str]
    targets: frozenset[str]
    changes: frozenset[str]
    body: int = -1
    exits: Exit = Exit.NONE


class Block(Struct, frozen=True):
    """A compound statement: the range of its statements, and of those in each arm (ends excluded).

    ``exhaustive`` says that one of the arms always runs. The arms of a ``try`` are its body with
    ``else``, its handlers, then its ``finally``.
    """

    kind: BlockKind
    start: int
    end: int
    arms: tuple[tuple[int, int], ...]
    exhaustive: bool = False


class Body(Struct, frozen=True):
    """A function or class: its lines, parameters, and what its body does to names outside it.

    ``reads`` and ``changes`` are names of the surrounding namespace that it reads and whose objects it
    changes when it runs; ``changed_parameters`` are parameters whose objects it changes. ``outer`` is the
    index of the body it stands in, or -1.
    """

    name: str
    line: int
    end_line: int
    start: int
    end: int
    is_class: bool = False
    parameters: tuple[str, ...] = ()
    bound: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    changed_parameters: frozenset[str] = frozenset()
    outer: int = -1


class CellCode(Struct, frozen=True):
    """What the text of one cell says.

    Lines count from 1 in the source that runs: IPython drops empty lines before the first statement.

    Parameters:
        defines: names that the cell binds in its namespace, also by ``global`` in functions.
        reads: how many times the text reads each name of the surrounding namespace: names that are not
            certainly bound by the cell itself at that place, also in nested functions. Loops are taken
            to run at least once; builtins are left out.
        uncertain: those of ``reads`` that the cell itself binds on some way to the place of reading.
        builtins: how many times the text reads each builtin (a kernel may shadow one).
        changes: names whose object the cell changes in place.
        deletes: names that the cell deletes and does not bind again.
        imports: what is imported, without ``package``.
        uses_modules: how many times each imported name is used, by its alias.
        aliases: qualified names of the imported names that are bound at the end.
        constants: what those of ``defines`` hold at the end whose value the text fixes.
        offset: lines of the cell before the code that runs: 1 for ``%%time``, whose code has files and
            line numbers of its own.
        error: why the text could not be parsed; empty when it could.
        approximate: the text is nested too deeply for a full analysis; names are right but their order
            was not looked at, and there are no statements or calls.
    """

    defines: frozenset[str] = frozenset()
    reads: Mapping[str, int] = {}
    uncertain: frozenset[str] = frozenset()
    builtins: Mapping[str, int] = {}
    changes: frozenset[str] = frozenset()
    deletes: frozenset[str] = frozenset()
    imports: tuple[Import, ...] = ()
    uses_modules: Mapping[str, int] = {}
    aliases: Mapping[str, str] = {}
    constants: Mapping[str, Scalar] = {}
    calls: tuple[Call, ...] = ()
    statements: tuple[Statement, ...] = ()
    bindings: tuple[Binding, ...] = ()
    blocks: tuple[Block, ...] = ()
    bodies: tuple[Body, ...] = ()
    offset: int = 0
    error: str = ""
    error_line: int | None = None
    approximate: bool = False
