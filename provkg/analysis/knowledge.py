"""What library calls mean: the knowledge file, checked and indexed for lookup.

``knowledge.toml`` is written by hand and describes its schema; `provkg.analysis.compile_knowledge` makes
``knowledge.json`` from it, because a kernel decodes that form in a tenth of a millisecond and would need
some 15 ms for importing ``tomllib`` and parsing.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

__all__ = [
    "CallMeaning",
    "Deed",
    "Knowledge",
    "KnowledgeFile",
    "MagicMeaning",
    "Parameter",
    "knowledge",
    "read_knowledge",
]

_FOLDER = Path(__file__).parent


class Deed(StrEnum):
    """What a call does."""

    LOAD = "load"
    SAVE = "save"
    OPEN = "open"
    """Reads or writes, as its mode says."""
    SPLIT = "split"
    FIT = "fit"
    TUNE = "tune"
    TRANSFORM = "transform"
    PREDICT = "predict"
    SCORE = "score"
    """Measures a model on data."""
    METRIC = "metric"
    """Compares predictions with the truth."""
    SEED = "seed"


class Parameter(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One parameter of a call, by position from 0 (without the object of a method), keyword, or both."""

    position: int = -1
    keyword: str = ""
    role: Literal["", "data", "target", "truth", "prediction", "model"] = ""


class CallMeaning(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What some calls mean; the fields are described at the head of ``knowledge.toml``."""

    functions: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    does: tuple[Deed, ...] = ()
    path: Parameter | None = None
    mode: Parameter | None = None
    data: tuple[Parameter, ...] = ()
    changes: tuple[Parameter, ...] = ()
    changes_object: bool = False
    when: Literal["", "alone"] = ""
    returns: Literal["", "object"] = ""
    pairs: bool = False


MagicText = Literal["code", "code apart", "names", "binds", "shell", "text"]


class MagicMeaning(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What IPython does with the text after a magic's name; see the head of ``knowledge.toml``."""

    names: tuple[str, ...]
    line: MagicText = "shell"
    cell: MagicText = "text"
    options: str = ""
    reads_options: tuple[str, ...] = ()
    binds_options: tuple[str, ...] = ()
    binds_long_options: tuple[str, ...] = ()


class _Keywords(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    changes_object: tuple[str, ...] = ()
    changes_argument: tuple[str, ...] = ()


class KnowledgeFile(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole knowledge file."""

    schema: Literal[1]
    conventions: dict[str, str] = {}
    keywords: _Keywords = _Keywords()
    call: tuple[CallMeaning, ...] = ()
    magic: tuple[MagicMeaning, ...] = ()


class Knowledge:
    """The entries of knowledge files, by the name of the function, method or magic.

    Where several entries speak of one name, the earlier ones come first.
    """

    def __init__(self, *files: KnowledgeFile) -> None:
        self.conventions: dict[str, str] = {}
        self.functions: dict[str, tuple[CallMeaning, ...]] = {}
        self.methods: dict[str, tuple[CallMeaning, ...]] = {}
        self.magics: dict[str, MagicMeaning] = {}
        for file in files:
            self.conventions = {**file.conventions, **self.conventions}
            for entry in file.call:
                for name in entry.functions:
                    self.functions[name] = (*self.functions.get(name, ()), entry)
                for name in entry.methods:
                    self.methods[name] = (*self.methods.get(name, ()), entry)
            for magic in file.magic:
                for name in magic.names:
                    self.magics.setdefault(name, magic)
        self.changing_keywords = frozenset(k for file in files for k in file.keywords.changes_object)
        self.changed_keywords = frozenset(k for file in files for k in file.keywords.changes_argument)

    def of_function(self, qualified: str) -> tuple[CallMeaning, ...]:
        """What calling a function of this qualified name means; empty when nothing is known."""
        return self.functions.get(qualified, ())

    def of_method(self, name: str) -> tuple[CallMeaning, ...]:
        """What calling a method of this name may mean."""
        return self.methods.get(name, ())

    def of_call(self, function: str, imported: bool) -> tuple[CallMeaning, ...]:
        """What a call means whose function is written so (`provkg.analysis.Call.function`)."""
        known = self.functions.get(function)
        if known is not None:
            return known
        head, dot, method = function.rpartition(".")
        plain_module = imported and "(" not in head and "[" not in head
        return self.methods.get(method, ()) if dot and not plain_module else ()


@cache
def knowledge() -> Knowledge:
    """What ships with provkg."""
    return Knowledge(msgspec.json.decode((_FOLDER / "knowledge.json").read_bytes(), type=KnowledgeFile))


def read_knowledge(*paths: Path) -> Knowledge:
    """What ships with provkg and, before it, what the user's own files say.

    Parameters:
        paths: TOML files of the same schema, the first of most weight.

    Raises:
        msgspec.MsgspecError: a file does not fit the schema; the message names the place.
        OSError: a file cannot be read.
    """
    own = [msgspec.toml.decode(path.read_bytes(), type=KnowledgeFile) for path in paths]
    return Knowledge(*own, msgspec.json.decode((_FOLDER / "knowledge.json").read_bytes(), type=KnowledgeFile))
