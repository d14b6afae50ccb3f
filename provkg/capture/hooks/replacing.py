"""Puts replacements for library functions where everyone finds them, also those who imported them before.

A function that was defined a moment ago is replaced by name in its module: nobody else has it yet. When
capture begins late, its name may have been imported anywhere, and the function may stand in a
`functools.partial`, a container, a default or a closure. So a function written in Python is then not replaced
but given other code, which calls the replacement of a copy of it; whoever has it keeps the same object. A
function written in C has no code to change: of that one, the references are found and bound anew.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any, TypeAlias

from provkg.capture.gate import HIDDEN_FILE
from provkg.capture.hooks.wrap import is_replacement

__all__ = ["beginning_late", "is_late", "replace", "replace_method"]

Make: TypeAlias = Callable[[Any], Any]
_late = False
_pairs: dict[int, tuple[Any, Any]] = {}

_TEXT = """
def maker({free}):
    def entrance(*args, **kwargs):
        call = "replacement"
        try:
            return call(*args, **kwargs)
        except BaseException as failure:
            traceback = "exc_info"
            BaseException.with_traceback(failure, traceback()[2].tb_next)
            raise
        {free}
    return entrance
"""


@contextmanager
def beginning_late() -> Iterator[None]:
    """While hooks run on modules that were imported before; at the end, references are bound anew."""
    global _late
    _late = True
    try:
        yield
    finally:
        _late = False
        if _pairs:
            _rebind()


def is_late() -> bool:
    """Whether the hooks at work run on modules that were imported before."""
    return _late


def replace(owner: ModuleType, name: str, make: Make, also: Iterable[ModuleType] = ()) -> None:
    """Replace a module's function by what ``make`` makes of it; nothing is done twice, or to what is absent.

    Parameters:
        also: modules that have it under the same name.
    """
    original = getattr(owner, name, None)
    if original is None or is_replacement(original):
        return
    if _late and type(original) is FunctionType:
        _enter(original, make)
        return
    replacement = make(original)
    for module in (owner, *also):
        if getattr(module, "__dict__", {}).get(name) is original:
            setattr(module, name, replacement)
    if _late:
        _pairs[id(original)] = original, replacement


def replace_method(owner: type, name: str, make: Make) -> None:
    """Replace a method that a class itself defines, also a class method, as `replace` does a function.

    Who took the function of the method before, as to call it by another name, is seen too.
    """
    found = vars(owner).get(name)
    original = found.__func__ if isinstance(found, classmethod) else found
    if type(original) is not FunctionType or is_replacement(original):
        return
    if _late:
        _enter(original, make)
        return
    replacement = make(original)
    setattr(owner, name, classmethod(replacement) if isinstance(found, classmethod) else replacement)


def _enter(original: FunctionType, make: Make) -> None:
    """Give a function code that calls the replacement of its copy."""
    copy = FunctionType(
        original.__code__,
        original.__globals__,
        original.__name__,
        original.__defaults__,
        original.__closure__,
    )
    copy.__kwdefaults__ = original.__kwdefaults__
    functools.update_wrapper(copy, original)
    if "__wrapped__" in original.__dict__:
        copy.__wrapped__ = original.__wrapped__  # type: ignore[attr-defined]
    else:
        del copy.__wrapped__  # type: ignore[attr-defined]
        original.__wrapped__ = copy  # type: ignore[attr-defined]
    original.__code__ = _entrance(original.__code__, make(copy))


def _entrance(code: CodeType, replacement: Any) -> CodeType:
    """Code that takes the place of a function's own, with as many free variables as that has."""
    constants = {"replacement": replacement, "exc_info": sys.exc_info}
    template = _template(len(code.co_freevars))
    return template.replace(
        co_consts=tuple(
            constants[each] if type(each) is str and each in constants else each
            for each in template.co_consts
        ),
        co_filename=HIDDEN_FILE,
        co_name=code.co_name,
        co_qualname=code.co_qualname,
    )


@functools.cache
def _template(free: int) -> CodeType:
    names = ", ".join(f"free{rank}" for rank in range(free))
    maker = compile(_TEXT.format(free=names), HIDDEN_FILE, "exec").co_consts[0]
    return next(each for each in maker.co_consts if type(each) is CodeType)


def _rebind() -> None:
    """Let what refers to an original refer to its replacement: modules, containers, closures, partials."""
    pairs = dict(_pairs)
    _pairs.clear()
    originals = [original for original, _ in pairs.values()]
    own = {id(originals), id(_pairs), *(id(pair) for pair in pairs.values())}
    for _, replacement in pairs.values():
        own |= {id(replacement.__dict__), *(id(cell) for cell in replacement.__closure__ or ())}
    for holder in (*gc.get_referrers(*originals), *_unknown_to_collector()):
        if id(holder) not in own:
            _rebind_in(holder, pairs)


def _unknown_to_collector() -> Iterator[dict[Any, Any]]:
    """The dictionaries in variables of modules that the garbage collector does not look into: those that
    hold nothing but what cannot be part of a cycle, as some functions of NumPy.
    """
    for module in list(sys.modules.values()):
        for value in list(getattr(module, "__dict__", {}).values()):
            if type(value) is dict and not gc.is_tracked(value):
                yield value


def _rebind_in(holder: Any, pairs: dict[int, tuple[Any, Any]]) -> None:
    """In one holder. Tuples, sets and keys stay: what is compared or hashed must not change."""
    if type(holder) is dict:
        for key, value in list(holder.items()):
            if id(value) in pairs:
                holder[key] = pairs[id(value)][1]
    elif type(holder) is list:
        holder[:] = [pairs[id(each)][1] if id(each) in pairs else each for each in holder]
    elif type(holder) is CellType:
        holder.cell_contents = pairs[id(holder.cell_contents)][1]
    elif type(holder) is functools.partial and id(holder.func) in pairs:
        state: Any = holder
        state.__setstate__((pairs[id(holder.func)][1], holder.args, holder.keywords, holder.__dict__))
