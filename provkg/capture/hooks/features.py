"""Which columns of transformed data came from which, by what fitted transformers of scikit-learn say.

Only classes of scikit-learn itself are asked, and only for what they hold: no code of the user's is run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from provkg.capture.columns import SAME, WHOLE, Columns, whole_of
from provkg.capture.hooks.told import labels_of
from provkg.capture.kinds import is_table
from provkg.capture.states import Node

__all__ = ["features_told", "predicted_of"]

_MAX_OUTPUTS = 2000
_Each = list[tuple[str, ...]]
"""For each column in order the labels of those that it came from."""


class _UnknownError(Exception):
    """It is not known what a transformer makes of which column."""


def features_told(transformer: Any, node: Node | None, data: Any, made: Any) -> dict[Node, Columns]:
    """Which columns of transformed data came from which of the data it was made of."""
    if node is None:
        return {}
    try:
        columns = _told(transformer, node, data, made)
    except (_UnknownError, AttributeError, KeyError, TypeError, ValueError):
        return {}  # of another version of the library, or not fitted in the way it usually is
    return {node: columns} if columns is not None else {}


def predicted_of(node: Node | None, data: Any) -> dict[Node, Columns]:
    """Predictions came from all columns of the data."""
    return {node: _from_all(node, data)} if node is not None and is_table(data) else {}


def _from_all(node: Node, data: Any) -> Columns:
    """A value without columns came from all of a table's."""
    labels = labels_of(data)
    # Beyond a recorded state no way leads on, so that there is none to be joined with.
    return SAME if labels is None and node.id else whole_of(labels or ())


def _told(transformer: Any, node: Node, data: Any, made: Any) -> Columns | None:
    outputs = labels_of(made)
    if not is_table(data):
        return Columns(dict.fromkeys(outputs, (WHOLE,))) if outputs is not None else SAME
    if _is(transformer, "OneToOneFeatureMixin") and data.shape[1] == made.shape[1]:
        return SAME if is_table(made) else _from_all(node, data)
    labels = labels_of(data)
    if labels is None or len(made.shape) != 2 or made.shape[1] > _MAX_OUTPUTS:
        return None
    each = _outputs(transformer, [(label,) for label in labels])
    if len(each) != made.shape[1]:
        return None
    if outputs is not None:
        return Columns(dict(zip(outputs, each, strict=True)))
    used = {label for sources in each for label in sources}
    return whole_of(label for label in labels if label in used)


def _is(transformer: Any, ancestor: str) -> bool:
    """Whether a transformer is one of scikit-learn's own with this class among its ancestors."""
    kind = type(transformer)
    if not str(kind.__module__).startswith("sklearn."):
        return False
    return any(parent.__name__ == ancestor for parent in kind.__mro__)


def _outputs(transformer: Any, inputs: _Each) -> _Each:
    """What the columns that a fitted transformer makes came from.

    Raises:
        _UnknownError: that is not known.
    """
    if type(transformer) is str:
        if transformer in ("passthrough", "drop"):
            return inputs if transformer == "passthrough" else []
        raise _UnknownError
    for ancestor, rule in _RULES.items():
        if _is(transformer, ancestor):
            return rule(transformer, inputs)
    raise _UnknownError


def _one_to_one(transformer: Any, inputs: _Each) -> _Each:
    return inputs


def _of_columns(transformer: Any, inputs: _Each) -> _Each:
    """`ColumnTransformer`: each of its parts is given some of the columns."""
    found: dict[int, tuple[str, ...]] = {}
    given = transformer._transformer_to_input_indices
    for name, part, _ in transformer.transformers_:
        places = transformer.output_indices_[name]
        if places.stop == places.start:
            continue
        made = _outputs(part, [inputs[place] for place in given[name]])
        if len(made) != places.stop - places.start:
            raise _UnknownError
        found.update(zip(range(places.start, places.stop), made, strict=True))
    return [found[place] for place in range(len(found))]


def _of_steps(pipeline: Any, inputs: _Each) -> _Each:
    for _, step in pipeline.steps:
        inputs = inputs if step is None else _outputs(step, inputs)
    return inputs


def _of_union(union: Any, inputs: _Each) -> _Each:
    return [made for _, part in union.transformer_list for made in _outputs(part, inputs)]


def _repeated(counts: Sequence[Any], inputs: _Each) -> _Each:
    if len(counts) != len(inputs) or sum(counts) > _MAX_OUTPUTS:
        raise _UnknownError
    return [each for each, count in zip(inputs, counts, strict=True) for _ in range(count)]


def _encoded(encoder: Any, inputs: _Each) -> _Each:
    return _repeated([int(count) for count in encoder._n_features_outs], inputs)


def _in_bins(discretizer: Any, inputs: _Each) -> _Each:
    if discretizer.encode == "ordinal":
        return inputs
    return _repeated([int(count) for count in discretizer.n_bins_], inputs)


def _imputed(imputer: Any, inputs: _Each) -> _Each:
    if imputer.indicator_ is not None:
        raise _UnknownError
    return inputs


def _selected(selector: Any, inputs: _Each) -> _Each:
    inner = getattr(selector, "estimator_", None)
    if inner is not None and not str(type(inner).__module__).startswith("sklearn."):
        raise _UnknownError
    return [each for each, kept in zip(inputs, selector.get_support(), strict=True) if kept]


def _multiplied(features: Any, inputs: _Each) -> _Each:
    if features.n_output_features_ > _MAX_OUTPUTS:
        raise _UnknownError
    return [
        _united(each for each, power in zip(inputs, row, strict=True) if power) for row in features.powers_
    ]


def _mixed(transformer: Any, inputs: _Each) -> _Each:
    """A projection or the like: every column is made of all."""
    return [_united(inputs)] * int(transformer._n_features_out)


def _united(each: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label for labels in each for label in labels))


def _made_by(function: Any, inputs: _Each) -> _Each:
    if function.func is not None:
        raise _UnknownError
    return inputs


_RULES: dict[str, Callable[[Any, _Each], _Each]] = {
    "ColumnTransformer": _of_columns,
    "Pipeline": _of_steps,
    "FeatureUnion": _of_union,
    "FunctionTransformer": _made_by,
    "OneHotEncoder": _encoded,
    "KBinsDiscretizer": _in_bins,
    "SimpleImputer": _imputed,
    "PolynomialFeatures": _multiplied,
    "SelectorMixin": _selected,
    "OneToOneFeatureMixin": _one_to_one,
    "ClassNamePrefixFeaturesOutMixin": _mixed,
}
"""By the name of a class of scikit-learn's that a transformer descends from; the first counts."""
