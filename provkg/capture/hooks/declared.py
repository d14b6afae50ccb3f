"""Hooks on the functions and classes that the user's own knowledge files declare.

Nothing is known of them but what the file says, so what is recorded of their calls has the evidence
*declared*: the call, its arguments and its result were seen, what they are to each other was not.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import FunctionType, ModuleType
from typing import Any

from provkg.analysis.knowledge import CallMeaning, ClassMeaning, Deed, KnowledgeFile, Parameter
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.calls import Call, Given, begin_with
from provkg.capture.hooks.loading import named_path
from provkg.capture.hooks.numbers import number, result_of
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.wrap import is_replacement, step
from provkg.capture.kinds import declare, is_estimator, kind_of, type_name
from provkg.capture.session import Session
from provkg.capture.values import FileNode, Node
from provkg.records import ActivityKind, Evidence, FileMode, Role, SplitRole, Use, ValueKind

__all__ = ["after_imports_of"]

_KINDS = {
    Deed.LOAD: ActivityKind.LOADING,
    Deed.SAVE: ActivityKind.SAVING,
    Deed.SPLIT: ActivityKind.SPLITTING,
    Deed.FIT: ActivityKind.TRAINING,
    Deed.TUNE: ActivityKind.TUNING,
    Deed.TRANSFORM: ActivityKind.PREPROCESSING,
    Deed.PREDICT: ActivityKind.PREDICTION,
    Deed.SCORE: ActivityKind.EVALUATION,
    Deed.METRIC: ActivityKind.EVALUATION,
}
"""What is recorded of a call by the first of its deeds that stands here."""
_ROLES = {
    "data": Role.DATA,
    "target": Role.TARGET,
    "truth": Role.TRUTH,
    "prediction": Role.PREDICTION,
    "model": Role.MODEL,
    "validation": Role.VALIDATION,
}
_VALUES = {"model": ValueKind.MODEL, "transformer": ValueKind.TRANSFORMER, "search": ValueKind.MODEL}
_HEADS = re.compile(r"\.")
_DECLARED = Evidence.DECLARED


def after_imports_of(
    files: Iterable[KnowledgeFile], package_of: Callable[[str], str]
) -> Iterator[tuple[str, AfterImport]]:
    """The modules to wait for, with what to do after the import of each.

    Parameters:
        package_of: the distribution that provides a module.
    """
    for file in files:
        for meaning in file.call:
            if any(deed in _KINDS for deed in meaning.does):
                for name in meaning.functions:
                    yield from _waiting(name, _wrapping(name, meaning, package_of))
        for kind in file.class_:
            for name in kind.classes:
                if not name.endswith(".*"):
                    yield from _waiting(name, _declaring(name, kind))


def _waiting(name: str, hook: AfterImport) -> Iterator[tuple[str, AfterImport]]:
    """Any part of a dotted name may be the module, and what is behind it a class."""
    for dot in _HEADS.finditer(name):
        yield name[: dot.start()], hook


def _wrapping(name: str, meaning: CallMeaning, package_of: Callable[[str], str]) -> AfterImport:
    def hook(module: ModuleType) -> None:
        owner, last = _owner(module, name)
        found = inspect.getattr_static(owner, last, None) if owner is not None else None
        if not isinstance(found, FunctionType) or is_replacement(found):
            return
        by = meaning.package or package_of(module.__name__.partition(".")[0])
        if isinstance(owner, ModuleType):
            also = sys.modules.get(found.__module__)
            make = _maker(name, meaning, by, None)
            replace(owner, last, make, () if also is None else (also,))
        elif owner is not None:
            setattr(owner, last, _maker(name, meaning, by, owner)(found))

    return hook


def _maker(name: str, meaning: CallMeaning, package: str, owner: type | None) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        make_call = partial(Declared, name, meaning, package, _positional(original, owner), owner is not None)
        begin = begin_with(make_call, inspect.signature(original))
        fits = Deed.FIT in meaning.does or Deed.TUNE in meaning.does
        return step(original, begin, is_fit=fits)

    return make


def _declaring(name: str, kind: ClassMeaning) -> AfterImport:
    def hook(module: ModuleType) -> None:
        owner, last = _owner(module, name)
        found = getattr(owner, "__dict__", {}).get(last)
        if isinstance(found, type):
            declare(found, _VALUES[kind.kind])

    return hook


def _owner(module: ModuleType, name: str) -> tuple[Any, str]:
    """The module or class that holds what a dotted name means, as far as an imported module has it."""
    *path, last = name.removeprefix(f"{module.__name__}.").split(".")
    owner: Any = module
    for part in path:
        owner = getattr(owner, "__dict__", {}).get(part)
        if not isinstance(owner, type):
            return None, last
    return owner, last


def _positional(function: Any, owner: type | None) -> list[str]:
    """The parameters that a call may give by position, without the object of a method."""
    names = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    return names[1:] if owner is not None else names


class Declared(Call):
    """A call of a function or method that a knowledge file declares."""

    evidence = _DECLARED

    def __init__(
        self,
        name: str,
        meaning: CallMeaning,
        package: str,
        positional: list[str],
        is_method: bool,
        session: Session,
        given: Given,
    ) -> None:
        super().__init__(session, name, package)
        self.meaning = meaning
        self.deed = next(deed for deed in meaning.does if deed in _KINDS)
        self.kind = _KINDS[self.deed]
        self.owner = owner = given.args[0] if is_method and given.args else None
        self._arguments, self._positional = given.named, positional
        self._mark = session.files.mark()
        self._path = named_path(self._given(meaning.path)[1]) if meaning.path is not None else ""
        self.nodes: dict[str, Node] = {}
        if owner is not None:
            self.estimator, self.implementation = owner, type_name(type(owner))
            if is_estimator(owner) and self.deed is not Deed.FIT:
                self._use_as("model", "", owner)
        for parameter in meaning.data:
            keyword, value = self._given(parameter)
            if value is not None:
                self._use_as(parameter.role, keyword, value)

    def _given(self, parameter: Parameter) -> tuple[str, Any]:
        """What the call passes for a parameter, with the name that the function has for it."""
        keyword = parameter.keyword
        if not keyword and 0 <= parameter.position < len(self._positional):
            keyword = self._positional[parameter.position]
        return keyword, self._arguments.get(keyword)

    def _use_as(self, role: str, argument: str, value: Any) -> None:
        node = self.use(value, _ROLES.get(role, Role.INPUT), argument)
        if node is not None:
            self.nodes.setdefault(role or "data", node)

    def succeeded(self, result: Any, seconds: float) -> None:
        """The call returned."""
        match self.deed:
            case Deed.LOAD:
                self._loaded(result)
            case Deed.SAVE:
                self._saved()
            case Deed.FIT | Deed.TUNE:
                self._fitted(result)
            case Deed.SPLIT:
                self._split(result)
            case Deed.SCORE | Deed.METRIC:
                self._measured(result)
            case _:
                self._made(result)
        self.add(seconds)

    def _loaded(self, result: Any) -> None:
        states = {state.id: state for state in self.session.files.since(self._mark, FileMode.READ)}
        seen = set(states)
        if self._path and (state := self.session.files.read(self._path)) is not None:
            states[state.id] = state
        for identifier in states:
            evidence = Evidence.OBSERVED if identifier in seen else _DECLARED
            self.used.append(Use(entity=identifier, role=Role.FILE, evidence=evidence))
        for value in result if isinstance(result, tuple) else (result,):
            if kind_of(value) is not None:
                self.make(self.tracker.derive(value, states.values(), self.function, _DECLARED), value)

    def _saved(self) -> None:
        files = self.session.files
        states = {state.id: state for state in files.since(self._mark, FileMode.WRITTEN)}
        if self._path and not states and (state := files.written(self._path)) is not None:
            states[state.id] = state
        for identifier in states:
            self.session.values.link(identifier, tuple(self.nodes.values()), self.function, _DECLARED)
            self.generated.append(identifier)

    def _fitted(self, result: Any) -> None:
        sources: list[Node | FileNode] = [
            node for role, node in self.nodes.items() if role in ("data", "target")
        ]
        model = self.owner if is_estimator(self.owner) else result if is_estimator(result) else None
        if model is None:
            return
        known = self.tracker.find(model) is not None
        fitted = (self.tracker.revise if known else self.tracker.derive)(
            model, sources, self.function, _DECLARED
        )
        self.make(fitted, model)

    def _split(self, result: Any) -> None:
        parts = result if isinstance(result, tuple | list) else ()
        wholes = list(self.nodes.values())
        for rank, part in enumerate(parts):
            if kind_of(part) is None:
                continue
            first = rank // 2 if self.meaning.pairs else 0
            made = self.tracker.derive(part, wholes[first : first + 1], self.function, _DECLARED)
            if made is not None and self.meaning.pairs:
                made.role = SplitRole.TEST if rank % 2 else SplitRole.TRAINING
            self.make(made, part)

    def _measured(self, result: Any) -> None:
        if not number(result)[1]:
            return
        judged = self.nodes.get("prediction")
        model = self.nodes.get("model") or (judged.model if judged is not None else None)
        data = (judged.data if judged is not None else None) or self.nodes.get("data")
        data = data or self.nodes.get("truth")
        name = self.meaning.metric or self.function.rpartition(".")[2].removesuffix("_score")
        self.results.append(
            result_of(
                self.session,
                name,
                result,
                model=model.id if model is not None else "",
                data=(data.id,) if data is not None and data.id else (),
                role=data.role if data is not None else None,
                evidence=_DECLARED,
            )
        )

    def _made(self, result: Any) -> None:
        if kind_of(result) is None:
            return
        predicts = self.deed is Deed.PREDICT
        kind = ValueKind.PREDICTION if predicts else None
        made = self.tracker.derive(result, self.nodes.values(), self.function, _DECLARED, kind)
        if made is not None and predicts:
            made.model, made.data = self.nodes.get("model"), self.nodes.get("data")
            made.role = made.data.role if made.data is not None else None
        self.make(made, result)
