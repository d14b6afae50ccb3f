"""What the text of a cell, script or function says, without running it."""

from provkg.analysis.cells import analyse, analyse_function
from provkg.analysis.code import (
    Argument,
    Binding,
    BindingKind,
    Block,
    BlockKind,
    Body,
    Call,
    CellCode,
    Exit,
    Statement,
)
from provkg.analysis.files import NamedData, named_data
from provkg.analysis.knowledge import Knowledge
from provkg.analysis.origins import loads_at, origins, reaching, sources_of, statement_at

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
    "Knowledge",
    "NamedData",
    "Statement",
    "analyse",
    "analyse_function",
    "loads_at",
    "named_data",
    "origins",
    "reaching",
    "sources_of",
    "statement_at",
]
