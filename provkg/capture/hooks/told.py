"""Which columns came from which in pandas calls that have rules of their own for names."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from provkg.capture.columns import SAME, WHOLE, Columns
from provkg.capture.kinds import is_table, label_text
from provkg.capture.states import Node

__all__ = ["BY_METHOD", "Given", "Telling", "labels_of", "pairs_of"]

_MAX_COLUMNS = 500

Given: TypeAlias = Sequence[tuple[Node, Any]]
"""The states that a call is given, with the objects they are of; that of its own object first."""


class Telling(NamedTuple):
    """A call that returned: its arguments, what it made or changed, and the states it was given."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    made: Any
    given: Given


def labels_of(value: Any) -> list[str] | None:
    """The texts of a table's column labels; None for a value without columns, and for a very wide table."""
    if not is_table(value) or value.shape[1] > _MAX_COLUMNS:
        return None
    return [label_text(label) for label in value.columns]


def pairs_of(value: Any, made: Any) -> Columns | None:
    """By name; an aggregation by several functions has pairs of column and function for names."""
    if made.columns.nlevels == value.columns.nlevels or made.shape[1] > _MAX_COLUMNS:
        return SAME
    if value.columns.nlevels != 1:
        return None
    pairs = ((label_text(label), label_text(label[0])) for label in made.columns if type(label) is tuple)
    return Columns({pair: (column,) for pair, column in pairs})


def _aggregated(call: Telling) -> Mapping[Node, Columns]:
    """``agg``: by name, or as ``new=(column, function)`` says."""
    if len(call.given) != 1:
        return {}
    [(node, value)] = call.given
    if not is_table(value):
        labels = labels_of(call.made)
        return {node: SAME if labels is None else Columns(dict.fromkeys(labels, (WHOLE,)))}
    if not is_table(call.made):
        return {}
    named = {new: each for new, each in call.kwargs.items() if type(each) is tuple and len(each) == 2}
    if named:
        return {node: Columns({new: (label_text(each[0]),) for new, each in named.items()})}
    columns = pairs_of(value, call.made)
    return {node: columns} if columns is not None else {}


def _evaluated(call: Telling) -> Mapping[Node, Columns]:
    """``eval("c = a + b")``: what stands on the left is made of what stands on the right."""
    text = call.args[1] if len(call.args) > 1 else call.kwargs.get("expr")
    if not call.given or not is_table(call.given[0][1]) or type(text) is not str:
        return {}
    try:
        tree = ast.parse("\n".join(map(str.strip, text.replace("@", "").splitlines())))
    except (SyntaxError, ValueError, RecursionError):
        return {}
    named: dict[str, tuple[str, ...]] = {}
    for statement in tree.body:
        value = statement.value if isinstance(statement, ast.Assign | ast.Expr) else None
        read = sorted({each.id for each in ast.walk(value) if isinstance(each, ast.Name)}) if value else []
        for target in statement.targets if isinstance(statement, ast.Assign) else ():
            if isinstance(target, ast.Name):
                named[target.id] = tuple(read)
        if isinstance(statement, ast.Expr) and not is_table(call.made):
            named[WHOLE] = tuple(read)
    return {call.given[0][0]: Columns(named, same=is_table(call.made))}


def _merged(call: Telling) -> Mapping[Node, Columns]:
    """``merge`` and ``join``: names that both tables have get a suffix, unless they are what is joined by."""
    tables = [(node, labels_of(value)) for node, value in call.given if is_table(value)]
    there = set(labels_of(call.made) or ())
    if len(call.given) != 2 or len(tables) != 2 or not there:
        return {}
    (left, left_labels), (right, right_labels) = tables
    if left is right or left_labels is None or right_labels is None:
        return {}
    suffixes = call.kwargs.get("suffixes", ("_x", "_y"))
    if "lsuffix" in call.kwargs or "rsuffix" in call.kwargs:
        suffixes = call.kwargs.get("lsuffix", ""), call.kwargs.get("rsuffix", "")
    if len(suffixes) != 2 or not all(each is None or type(each) is str for each in suffixes):
        return {}
    one, other = (suffix or "" for suffix in suffixes)
    both = set(left_labels) & set(right_labels)
    # Of names that both have, those without a suffix are what the tables were joined by.
    apart = {each for each in both if one != other and {each + one, each + other} <= there}
    told = {}
    for node, labels, suffix in ((left, left_labels, one), (right, right_labels, other)):
        names = {label + suffix if label in apart else label: label for label in labels}
        told[node] = Columns({new: (label,) for new, label in names.items() if new in there})
    return told


def _stacked(call: Telling) -> Mapping[Node, Columns]:
    """``concat``: rows below each other by name, or columns beside each other."""
    if not is_table(call.made):
        return {node: SAME for node, value in call.given if not is_table(value)}
    if call.kwargs.get("keys") is not None:
        return {}
    if call.kwargs.get("axis", 0) in (0, "index", "rows"):
        return {node: SAME for node, value in call.given if is_table(value)}
    told = {}
    for node, value in call.given:
        labels = labels_of(value)
        if labels is not None:
            told[node] = Columns({label: (label,) for label in labels})
        elif not is_table(value) and type(getattr(value, "name", None)) is str:
            told[node] = Columns({value.name: (WHOLE,)})
    return told


def _encoded(call: Telling) -> Mapping[Node, Columns]:
    """``get_dummies``: the columns that were encoded begin the names of those that code them."""
    made_labels = labels_of(call.made)
    if len(call.given) != 1 or made_labels is None:
        return {}
    [(node, value)] = call.given
    labels = labels_of(value)
    if labels is None:
        return {} if is_table(value) else {node: Columns(dict.fromkeys(made_labels, (WHOLE,)))}
    separator, prefix = call.kwargs.get("prefix_sep", "_"), call.kwargs.get("prefix")
    coded = sorted(set(labels) - set(made_labels), key=len, reverse=True)
    if type(separator) is not str or prefix is not None:
        new = [label for label in made_labels if label not in labels]
        return {node: Columns(dict.fromkeys(new, tuple(coded)), same=True)} if len(coded) == 1 else {}
    named: dict[str, tuple[str, ...]] = {}
    for label in made_labels:
        if label not in labels:
            column = next((each for each in coded if label.startswith(each + separator)), None)
            if column is None:
                return {}
            named[label] = (column,)
    return {node: Columns(named, same=True)}


def _melted(call: Telling) -> Mapping[Node, Columns]:
    """``melt``: the last column has the values of the columns that are not kept."""
    made_labels = labels_of(call.made)
    labels = labels_of(call.given[0][1]) if len(call.given) == 1 else None
    if not made_labels or labels is None:
        return {}
    kept = [label for label in made_labels[:-2] if label in labels]
    melted = call.kwargs.get("value_vars") or [label for label in labels if label not in kept]
    melted = [melted] if type(melted) is str else melted
    named = {label: (label,) for label in kept}
    return {
        call.given[0][0]: Columns({**named, made_labels[-1]: tuple(dict.fromkeys(map(label_text, melted)))})
    }


def _made_of(call: Telling) -> Mapping[Node, Columns]:
    """``DataFrame(…)``: of a table, of an array, or of columns one by one."""
    data = call.kwargs.get("data", call.args[0] if call.args else None)
    if type(data) is dict:
        return _one_by_one(data.items(), call.given)
    labels = labels_of(call.made)
    for node, value in call.given:
        if value is data:
            if is_table(value) or not is_table(call.made):
                return {node: SAME}
            return {node: Columns(dict.fromkeys(labels, (WHOLE,)))} if labels is not None else {}
    return {}


def _one_by_one(named: Iterable[tuple[Any, Any]], given: Given) -> dict[Node, Columns]:
    """Columns that were given one by one, with their values."""
    told: dict[Node, dict[str, tuple[str, ...]]] = {}
    for label, value in named:
        for node, held in given:
            if held is value and not is_table(held):
                told.setdefault(node, {})[label_text(label)] = (WHOLE,)
    return {node: Columns(names) for node, names in told.items()}


def _assigned(call: Telling) -> Mapping[Node, Columns]:
    """``assign``: other columns are as they were."""
    new = dict.fromkeys(map(label_text, call.kwargs), ())
    unseen = frozenset(label_text(label) for label, value in call.kwargs.items() if _is_unseen(value, call))
    kept = Columns(new, same=True, left_open=unseen)
    told = {node: kept for node, value in call.given if value is call.args[0]}
    return {**told, **_one_by_one(call.kwargs.items(), call.given)}


def _inserted(call: Telling) -> Mapping[Node, Columns]:
    """``insert``: one column is new."""
    named = dict(zip(("loc", "column", "value"), call.args[1:], strict=False)) | call.kwargs
    return _set_one(named.get("column"), named.get("value"), call)


def _set(call: Telling) -> Mapping[Node, Columns]:
    """``table[key] = value``: one column or several are new."""
    if len(call.args) < 3 or not is_table(call.args[0]):
        return {}
    own, key, value = call.args[:3]
    if type(key) is not list:
        return _set_one(key, value, call)
    labels, there = list(map(label_text, key)), labels_of(value)
    told: dict[Node, Columns] = {}
    for node, held in call.given:
        if held is own:
            unseen = frozenset(labels if _is_unseen(value, call) else ())
            told[node] = Columns(dict.fromkeys(labels, ()), same=True, left_open=unseen)
        elif held is value:
            pairs = zip(labels, [WHOLE] * len(labels) if there is None else there, strict=False)
            told[node] = Columns({here: (label,) for here, label in pairs})
    return told


def _set_one(key: Any, value: Any, call: Telling) -> Mapping[Node, Columns]:
    if type(key) not in (str, int):
        return {}
    label = label_text(key)
    others = Columns({label: ()}, same=True, left_open=frozenset([label] if _is_unseen(value, call) else ()))
    told = {node: others for node, held in call.given if held is call.args[0]}
    return {**told, **_one_by_one([(label, value)], call.given)}


def _is_unseen(value: Any, call: Telling) -> bool:
    """Whether what was given for a column may hold data of which nothing is known: it is no constant."""
    kind = type(value)
    if kind is str or kind is bytes or not (hasattr(kind, "__iter__") or callable(value)):
        return False
    return all(held is not value for _, held in call.given)


def _reset(call: Telling) -> Mapping[Node, Columns]:
    """``reset_index``: what was the index, whatever that came from, is a column now."""
    if len(call.given) != 1 or not is_table(call.made):
        return {node: SAME for node, _ in call.given[:1] if not is_table(call.made)}
    [(node, value)] = call.given
    made, labels = labels_of(call.made), labels_of(value)
    if made is None or (labels is None and is_table(value)):
        return {}
    if labels is None:
        return {node: Columns({made[-1]: (WHOLE,)}, left_open=frozenset(made[:-1]))}
    return {node: Columns(same=True, left_open=frozenset(made) - frozenset(labels))}


def _set_partly(call: Telling) -> Mapping[Node, Columns]:
    """``table.loc[rows, column] = value``: other rows of the column stay."""
    told = {node: SAME for node, held in call.given if held is call.made}
    where = call.args[1] if len(call.args) > 2 else None
    column = where[1] if type(where) is tuple and len(where) == 2 else None
    if type(column) is dict:
        column = column.get("key")  # a new column
    elif type(column) is int and is_table(call.made) and column < call.made.shape[1]:
        column = call.made.columns[column]
    if type(column) in (str, int):
        others = [(node, held) for node, held in call.given if held is not call.made]
        told |= _one_by_one([(column, call.args[2])], others)
    return told


BY_METHOD: dict[str, Callable[[Telling], Mapping[Node, Columns]]] = {
    "agg": _aggregated,
    "aggregate": _aggregated,
    "assign": _assigned,
    "concat": _stacked,
    "eval": _evaluated,
    "get_dummies": _encoded,
    "init": _made_of,
    "insert": _inserted,
    "join": _merged,
    "melt": _melted,
    "merge": _merged,
    "merge_asof": _merged,
    "merge_ordered": _merged,
    "set_item": _set,
    "set_item_frame_value": _set,
    "reset_index": _reset,
    "setitem": _set,
    "setitem_array": _set,
    "setitem_frame": _set_partly,
    "setitem_with_indexer": _set_partly,
}
"""The methods and functions that have rules of their own, by bare name."""
