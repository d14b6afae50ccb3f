"""Recording for programs that ask for it: `record`, as a ``with`` block or as a decorator.

>>> import provkg
>>> with provkg.record(name="nightly", parameters={"C": 0.5}) as run:    # doctest: +SKIP
...     model = LogisticRegression(C=0.5).fit(X, y)
>>> run.summary().results                                                # doctest: +SKIP
>>> @provkg.record                                                       # doctest: +SKIP
... def main(epochs=3): ...
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Mapping
from types import CodeType, TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

from provkg.capture.block import Block
from provkg.capture.decorating import NOWHERE, arguments, recorded
from provkg.capture.parameters import parameter
from provkg.config import Home

if TYPE_CHECKING:
    from provkg.queries import Answer
    from provkg.queries.parameters import Given
    from provkg.records import Scalar, Setting
    from provkg.views import RunSummary

__all__ = ["RecordedRun", "Recorder", "record"]

P = ParamSpec("P")
R = TypeVar("R")


class RecordedRun:
    """The run of a block: ``id`` and ``home``, and what was recorded, once the block has ended.

    ``id`` is empty where nothing is recorded: when capture could not begin, or when another thread or task is
    being recorded. Inside of what is recorded already, it is that run.
    """

    def __init__(self, block: Block) -> None:
        self._block = block

    @property
    def id(self) -> str:
        """The run's id, and an empty text where nothing is recorded."""
        return self._block.run

    @property
    def home(self) -> Home:
        """Where the run is recorded.

        Raises:
            NotFoundError: nothing is recorded.
        """
        if not self._block.run or self._block.home is None:
            from provkg.errors import NotFoundError

            raise NotFoundError("This block is not recorded.", "Standard error says why.")
        return self._block.home

    def summary(self) -> RunSummary:
        """What happened, at a glance, as far as it is recorded by now.

        Raises:
            NotFoundError: nothing is recorded.
        """
        from provkg.journal import read_run
        from provkg.views import summarize

        run = read_run(self.home, self.id)
        assert run is not None, "the run's first event was written when it began"
        return summarize(run)

    def ask(self, question: str, params: Mapping[str, Given] | None = None) -> Answer:
        """The answer to a question, about this run where it can be asked of one.

        Raises:
            NotFoundError: nothing is recorded, or a parameter stands for nothing in the store.
            QuestionError: there is no such question, or a parameter does not fit.
            StoreError: the store cannot be opened.
        """
        from provkg.queries import ask, questions
        from provkg.store import open_store

        asked = questions().get(question)
        about = {"run": self.id} if asked is not None and "run" in asked.params else {}
        with open_store(self.home) as store:
            return ask(store, question, {**about, **(params or {})})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id or 'not recorded'}>"


class Recorder:
    """What `record` gives: usable in a ``with`` statement, and as a decorator.

    Parameters:
        name: what the run is called.
        parameters: those the run is recorded with.
        home: where it is recorded; by default in the home that holds here.
    """

    def __init__(
        self, name: str, parameters: Mapping[str, Scalar], home: Home | str | os.PathLike[str] | None
    ) -> None:
        self._name = name
        self._parameters = tuple(parameter(name, value) for name, value in parameters.items())
        self._home = home.path if isinstance(home, Home) else home
        self._blocks: list[Block] = []

    def __enter__(self) -> RecordedRun:
        frame = sys._getframe(1)
        while frame.f_globals.get("__name__") == "contextlib" and frame.f_back is not None:
            frame = frame.f_back
        block = self._begin(self._name, frame.f_globals, frame.f_code, frame.f_lineno, ())
        self._blocks.append(block)
        return RecordedRun(block)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._blocks.pop().end(error)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """The function, each call of which is recorded as a run of its own.

        Raises:
            TypeError: it is a class or an asynchronous generator.
        """

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Block:
            inner = inspect.unwrap(function)
            return self._begin(
                self._name or getattr(inner, "__qualname__", ""),
                getattr(inner, "__globals__", {}),
                getattr(inner, "__code__", NOWHERE),
                0,
                arguments(function, args, kwargs),
            )

        return recorded(function, begin)

    def _begin(
        self, name: str, namespace: Mapping[str, Any], code: CodeType, line: int, given: tuple[Setting, ...]
    ) -> Block:
        block = Block(name)
        parameters = {one.name: one for one in (*given, *self._parameters)}
        block.begin(self._home, namespace, code, line, tuple(parameters.values()))
        return block


@overload
def record(function: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def record(
    *,
    name: str = "",
    parameters: Mapping[str, Scalar] | None = None,
    home: Home | str | os.PathLike[str] | None = None,
) -> Recorder: ...


def record(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str = "",
    parameters: Mapping[str, Scalar] | None = None,
    home: Home | str | os.PathLike[str] | None = None,
) -> Any:
    """Record a block or the calls of a function, each as a run of its own.

    ``with provkg.record() as run:`` gives a `RecordedRun`. ``@provkg.record`` and ``@provkg.record(name=…)``
    decorate functions, coroutines and generators; arguments that are numbers, texts or truth values are the
    run's parameters. Inside of what is recorded already, by `provkg run`, in a notebook or by an outer block,
    everything belongs to that run.

    Nothing is raised when capture fails; standard error says so. Exceptions of the block pass through.

    Parameters:
        name: what the run is called; by default the function's name.
        parameters: recorded as parameters of the run.
        home: the home or its folder; by default the one that holds in the working folder, made if need be.
    """
    recorder = Recorder(name, parameters or {}, home)
    return recorder if function is None else recorder(function)
