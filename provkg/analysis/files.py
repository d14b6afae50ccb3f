"""The data that the text of a cell names: files read and written, data sets that libraries bring.

Only calls that the knowledge file knows count. Text that merely looks like a path or an address does not.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from provkg.analysis.code import Argument, Call, CellCode
from provkg.analysis.knowledge import CallMeaning, Deed, Knowledge, Parameter
from provkg.analysis.knowledge import knowledge as shipped_knowledge
from provkg.records import FileMode

__all__ = ["NamedData", "argument_for", "mode_of_call", "named_by_call", "named_data"]

_WRITING = frozenset("wax+")


class NamedData(Struct, frozen=True):
    """Data that a call reads or writes, by its text.

    ``path`` is the path or address as the call has it, None when the text does not fix it; ``text`` is
    the expression that gives it, empty when the call takes none (``load_iris()``). ``names`` are the
    variables in that expression. ``targets`` are the names that what is read is assigned to, ``source``
    the variable that is written.
    """

    function: str
    mode: FileMode
    line: int
    path: str | None = None
    text: str = ""
    names: frozenset[str] = frozenset()
    targets: tuple[str, ...] = ()
    source: str = ""


def named_data(code: CellCode, knowledge: Knowledge | None = None) -> tuple[NamedData, ...]:
    r"""The data that the calls of a cell read and write, in the order of the text.

    >>> from provkg.analysis import analyse
    >>> code = analyse("import pandas as pd\nfolder = 'data'\ndf = pd.read_csv(f'{folder}/a.csv')")
    >>> [(data.mode.value, data.path, data.targets) for data in named_data(code)]
    [('read', 'data/a.csv', ('df',))]
    """
    known = knowledge or shipped_knowledge()
    found = []
    for index, call in enumerate(code.calls):
        for meaning in known.of_call(call.function, call.imported):
            mode = mode_of_call(call, meaning)
            if mode is not None:
                found.append(named_by_call(code.calls, index, meaning, mode))
                break
    return tuple(found)


def argument_for(call: Call, parameter: Parameter) -> Argument | None:
    """What a call passes for a parameter, or None."""
    positional = [argument for argument in call.arguments if argument.keyword in {"", "*"}]
    if 0 <= parameter.position < len(positional):
        before = positional[: parameter.position + 1]
        return None if any(argument.keyword for argument in before) else before[-1]
    if not parameter.keyword:
        return None
    return next((argument for argument in call.arguments if argument.keyword == parameter.keyword), None)


def mode_of_call(call: Call, meaning: CallMeaning) -> FileMode | None:
    """Whether a call of this meaning reads or writes; None when it does neither, or that is not known."""
    if Deed.LOAD in meaning.does:
        return FileMode.READ
    if Deed.SAVE in meaning.does:
        return FileMode.WRITTEN
    if Deed.OPEN not in meaning.does:
        return None
    given = argument_for(call, meaning.mode) if meaning.mode is not None else None
    if given is None:
        return FileMode.READ
    if not given.known or not isinstance(given.literal, str):
        return None
    return FileMode.WRITTEN if _WRITING & set(given.literal) else FileMode.READ


def named_by_call(calls: Sequence[Call], index: int, meaning: CallMeaning, mode: FileMode) -> NamedData:
    """The data that one of a cell's calls reads or writes."""
    call = calls[index]
    argument = argument_for(call, meaning.path) if meaning.path is not None else None
    if argument is None:
        argument = _path_of_receiver(calls, index)
    source = call.receiver if mode is FileMode.WRITTEN else ""
    saved = argument_for(call, meaning.data[0]) if mode is FileMode.WRITTEN and meaning.data else None
    if saved is not None:
        source = saved.variable
    known = argument is not None and argument.known and isinstance(argument.literal, str)
    return NamedData(
        function=call.function,
        mode=mode,
        line=call.line,
        path=str(argument.literal) if argument is not None and known else None,
        text=argument.text if argument is not None else "",
        names=argument.names if argument is not None else frozenset(),
        targets=call.targets if mode is FileMode.READ else (),
        source=source,
    )


def _path_of_receiver(calls: Sequence[Call], index: int) -> Argument | None:
    """The path in ``Path("a.csv").read_text()``, which the call before has."""
    call = calls[index]
    made = call.function.rpartition("().")[0]
    if not made or index == 0 or calls[index - 1].function != made or not made.endswith("Path"):
        return None
    return next(iter(calls[index - 1].arguments), None)
