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
from msgspec import Struct, field

__all__ = [
    "CallMeaning",
    "ClassMeaning",
    "Deed",
    "Knowledge",
    "KnowledgeFile",
    "MagicMeaning",
    "Parameter",
    "knowledge",
    "shipped_file",
]

_FOLDER = Path(__file__).parent
_MOST_ASKED = 10_000


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
    CONFIGURE = "configure"
    """Gives settings to the object it is called on."""


class Parameter(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One parameter of a call, by position from 0 (without the object of a method), keyword, or both."""

    position: int = -1
    keyword: str = ""
    role: Literal["", "data", "target", "truth", "prediction", "model", "validation"] = ""


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
    returns: Literal["", "object", "path"] = ""
    pairs: bool = False
    makes: str = ""
    metric: str = ""
    package: str = ""


class ClassMeaning(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What some classes are; the fields are described at the head of ``knowledge.toml``."""

    classes: tuple[str, ...]
    kind: Literal["model", "transformer", "search"]
    metric: str = ""
    positional: tuple[str, ...] = ()
    data: tuple[Parameter, ...] = ()
    package: str = ""


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
    renamed: dict[str, str] = {}
    keywords: _Keywords = _Keywords()
    call: tuple[CallMeaning, ...] = ()
    class_: tuple[ClassMeaning, ...] = field(default=(), name="class")
    magic: tuple[MagicMeaning, ...] = ()


class Knowledge:
    """The entries of knowledge files, by the name of the function, method or magic.

    Where several entries speak of one name, the earlier ones come first.
    """

    def __init__(self, *files: KnowledgeFile) -> None:
        self.conventions: dict[str, str] = {}
        self.renamed: dict[str, str] = {}
        self.classes: dict[str, ClassMeaning] = {}
        self.functions: dict[str, tuple[CallMeaning, ...]] = {}
        self.methods: dict[str, tuple[CallMeaning, ...]] = {}
        self.magics: dict[str, MagicMeaning] = {}
        for file in files:
            self.conventions = {**file.conventions, **self.conventions}
            self.renamed = {**file.renamed, **self.renamed}
            for entry in file.call:
                for name in entry.functions:
                    self.functions[name] = (*self.functions.get(name, ()), entry)
                for name in entry.methods:
                    self.methods[name] = (*self.methods.get(name, ()), entry)
            for kind in file.class_:
                for name in kind.classes:
                    self.classes.setdefault(name, kind)
            for magic in file.magic:
                for name in magic.names:
                    self.magics.setdefault(name, magic)
        self.changing_keywords = frozenset(k for file in files for k in file.keywords.changes_object)
        self.changed_keywords = frozenset(k for file in files for k in file.keywords.changes_argument)

        self.returning = frozenset(
            name
            for name, entries in self.methods.items()
            if any(entry.returns == "object" for entry in entries)
        )
        """The methods that may return their object."""
        self.changing = frozenset(
            name.rpartition(".")[2]
            for table in (self.functions, self.methods)
            for name, entries in table.items()
            if any(entry.changes or entry.changes_object for entry in entries)
        )
        """The last parts of the names of functions and methods that may change an object."""
        self.libraries = frozenset(
            name.partition(".")[0] for table in (self.functions, self.classes) for name in table
        )
        """The first parts of the names of all functions and classes."""
        self._renamed_tops = frozenset(name.partition(".")[0] for name in self.renamed)
        self._asked: dict[str, ClassMeaning | None] = {}

    def of_function(self, qualified: str) -> tuple[CallMeaning, ...]:
        """What calling a function of this qualified name means; empty when nothing is known."""
        known = self.functions.get(qualified)
        if known is None:
            now = self.present_name(qualified)
            known = self.functions.get(now, ()) if now != qualified else ()
        return known

    def of_class(self, qualified: str) -> ClassMeaning | None:
        """What the class of this qualified name is; None when nothing is known."""
        if qualified in self._asked:
            return self._asked[qualified]
        if len(self._asked) >= _MOST_ASKED:
            self._asked.clear()
        known = self._asked[qualified] = self._class_of(qualified)
        return known

    def _class_of(self, qualified: str) -> ClassMeaning | None:
        for name in dict.fromkeys((qualified, self.present_name(qualified))):
            module, _, own = name.rpartition(".")
            known = self.classes.get(name)
            if known is None and own[:1].isupper():
                known = self.classes.get(f"{module}.*")
            if known is not None:
                return known
        return None

    def present_name(self, qualified: str) -> str:
        """The name that a function or class of an old or second name has; the name itself otherwise."""
        if qualified.partition(".")[0] not in self._renamed_tops:
            return qualified
        parts = qualified.split(".")
        for cut in range(len(parts), 0, -1):
            now = self.renamed.get(".".join(parts[:cut]))
            if now is not None:
                return ".".join((now, *parts[cut:]))
        return qualified

    def of_method(self, name: str) -> tuple[CallMeaning, ...]:
        """What calling a method of this name may mean."""
        return self.methods.get(name, ())

    def of_call(self, function: str, imported: bool) -> tuple[CallMeaning, ...]:
        """What a call means whose function is written so (`provkg.analysis.Call.function`)."""
        known = self.functions.get(function)
        if known is not None:
            return known
        if imported and function.partition(".")[0] in self._renamed_tops:
            known = self.of_function(function)
            if known:
                return known
        head, dot, method = function.rpartition(".")
        plain_module = imported and "(" not in head and "[" not in head
        return self.methods.get(method, ()) if dot and not plain_module else ()


@cache
def knowledge() -> Knowledge:
    """What ships with provkg."""
    return Knowledge(shipped_file())


def shipped_file() -> KnowledgeFile:
    """The file that ships with provkg."""
    return msgspec.json.decode((_FOLDER / "knowledge.json").read_bytes(), type=KnowledgeFile)
