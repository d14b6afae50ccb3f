"""Long chains of temporaries: their links stay right, and each operation costs as much as the one before."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import pytest

from provkg.capture.columns import SAME, WHOLE, Columns, whole_of
from provkg.capture.values import Node, Tracker
from provkg.records import Evidence, Link, ValueKind


class Data:
    """Something that can be followed."""

    __slots__ = ("__weakref__",)


def links(tracker: Tracker, node: Node) -> Iterator[Link]:
    """The links of a state, when it is recorded."""
    tracker.describe(node, None, fingerprint=False)
    return tracker.links(node)


def begin(tracker: Tracker, value: Data) -> Node:
    node = tracker.node(value, ValueKind.DATASET)
    assert node is not None
    tracker.describe(node, None, fingerprint=False)
    return node


def assign(tracker: Tracker, table: Data, label: str) -> Node:
    """``table[label] = table[label].clip(…).abs()``, where both results die at once."""
    column, clipped, positive = Data(), Data(), Data()
    dataset = ValueKind.DATASET
    one = tracker.node(table)
    assert one is not None
    chosen = tracker.derive(column, (one,), "getitem", kind=dataset, columns=whole_of([label]))
    assert chosen is not None
    limited = tracker.derive(clipped, (chosen,), "clip", kind=dataset, columns=SAME)
    assert limited is not None
    # Another way to the same column, of which nothing is known.
    absolute = tracker.derive(positive, (limited, chosen), "abs", kind=dataset, columns={limited: SAME})
    assert absolute is not None
    told = {one: Columns({label: ()}, same=True), absolute: Columns({label: (WHOLE,)})}
    node = tracker.revise(table, (absolute,), "setitem", columns=told)
    assert node is not None
    return node


def test_columns_assigned_one_by_one_keep_their_origin_and_few_edges() -> None:
    tracker, source, table = Tracker(), Data(), Data()
    first = begin(tracker, source)
    tracker.derive(table, (first,), "copy", kind=ValueKind.DATASET, columns=SAME)
    labels = [f"x{number}" for number in range(300)]
    node = None
    for label in labels:
        node = assign(tracker, table, label)
        # The state before, what it was made of, and what that one came from.
        assert sum(len(edge.parent.edges) for edge in node.edges if isinstance(edge.parent, Node)) < 10
    assert node is not None
    node.columns = first.columns = tuple(map(Named, labels))
    [link] = links(tracker, node)
    assert link.source == first.id
    assert link.same_columns
    assert {column.target: column.sources for column in link.columns} == {label: (label,) for label in labels}


class Named:
    """A column."""

    def __init__(self, name: str) -> None:
        self.name = name


def test_temporaries_that_die_together_are_passed_over_together() -> None:
    tracker, source = Tracker(), Data()
    first = begin(tracker, source)
    held = [source]
    for number in range(30):
        held.append(Data())
        parent = tracker.find(held[-2])
        assert parent is not None
        tracker.derive(held[-1], (parent,), f"step {number}", kind=ValueKind.DATASET)
    last = tracker.find(held[-1])
    assert last is not None
    gone = weakref.ref(held[-2])
    del held[1:-1]
    assert gone() is None
    made = Data()
    node = tracker.derive(made, (last,), "end", kind=ValueKind.DATASET)
    assert node is not None
    assert [edge.parent for edge in last.edges] == [first]
    assert [link.source for link in links(tracker, node)] == [first.id]


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_ways_past_what_is_gone_the_better_known_one_counts(order: int) -> None:
    tracker, source = Tracker(), Data()
    first = begin(tracker, source)
    seen, guessed, both = Data(), Data(), Data()
    one = tracker.derive(seen, (first,), "seen", kind=ValueKind.DATASET)
    other = tracker.derive(guessed, (first,), "guessed", Evidence.INFERRED, ValueKind.DATASET)
    assert one is not None
    assert other is not None
    middle = tracker.derive(both, (one, other)[::order], "both", kind=ValueKind.DATASET)
    assert middle is not None
    del seen, guessed
    made = Data()
    node = tracker.derive(made, (middle,), "end", kind=ValueKind.DATASET)
    assert node is not None
    [link] = links(tracker, node)
    assert link.evidence is Evidence.OBSERVED
    assert link.operation == "seen → both → end"
