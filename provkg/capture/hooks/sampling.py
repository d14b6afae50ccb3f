"""Rows drawn at random: ``sample`` of pandas, ``shuffle`` and ``resample`` of scikit-learn."""

from __future__ import annotations

import inspect
import sys
from types import ModuleType
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.calls import Begin, Call, arguments
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.settings import setting
from provkg.capture.hooks.wrap import original_of, step
from provkg.capture.kinds import kind_of
from provkg.capture.session import Session
from provkg.records import ActivityKind, Role

__all__ = ["AFTER_IMPORT", "Sampling"]


class Sampling(Call):
    """A call that draws rows of data, with the settings that it was given."""

    kind = ActivityKind.PREPROCESSING

    def __init__(
        self,
        session: Session,
        function: str,
        package: str,
        signature: inspect.Signature,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        super().__init__(session, function, package)
        given = arguments(signature, args, kwargs)
        tables = [getattr(each, "obj", each) for each in _several(next(iter(given.values()), ()))]
        self._sources = [self.use(each, Role.DATA, others=tuple(tables)) for each in tables]
        self.settings = tuple(
            setting(name, given.get(name, parameter.default), parameter.default)
            for name, parameter in list(signature.parameters.items())[1:]
            if kind_of(given.get(name)) is None
        )

    @classmethod
    def of(cls, function: Any, label: str, package: str) -> Begin:
        """A beginner for calls of a function."""
        signature = inspect.signature(function)

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Sampling | None:
            session = gate.session
            if session is None or not args:
                return None
            name = label or f"pandas.{type(args[0]).__name__}.sample"
            return cls(session, name, package, signature, args, kwargs)

        return begin

    def succeeded(self, result: Any, seconds: float) -> None:
        """The rows are drawn: each result from its source."""
        for made, source in zip(_several(result), self._sources, strict=False):
            node = self.tracker.derive(made, (source,) if source is not None else (), self.function)
            self.make(node, made)
        self.add(seconds)


def _several(value: Any) -> tuple[Any, ...]:
    return tuple(value) if type(value) in (list, tuple) else (value,)


def _patch_pandas(pandas: ModuleType) -> None:
    groups = getattr(sys.modules.get("pandas.core.groupby.groupby"), "GroupBy", None)
    for owner in (pandas.DataFrame, groups):
        for defining in getattr(owner, "__mro__", ()):
            found = defining.__dict__.get("sample")
            if found is not None:
                original = original_of(found)
                defining.sample = step(original, Sampling.of(original, "", "pandas"))
                break


def _watched(original: Any) -> Any:
    return step(original, Sampling.of(original, f"sklearn.utils.{original.__name__}", "scikit-learn"))


def _patch_sklearn(module: ModuleType) -> None:
    for name in ("shuffle", "resample"):
        replace(module, name, _watched)


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {
    "pandas": (_patch_pandas,),
    "sklearn.utils._indexing": (_patch_sklearn,),
}
