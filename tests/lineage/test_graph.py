from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from provkg.lineage import Lineage, Node, Step, readable, to_dot, to_svg
from provkg.lineage.layout import arrange

NAMES = [f"n{number}" for number in range(12)]
STEPS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=40)


def lineage(steps: list[Step], inner: set[str], thing: str = "a") -> Lineage:
    names = dict.fromkeys([thing, *(end for step in steps for end in (step.target, step.source))])
    nodes = tuple(Node(iri=name, id=name, kind="data", name=name, inner=name in inner) for name in names)
    return Lineage(thing=thing, downstream=False, nodes=nodes, steps=tuple(steps))


def test_of_two_ways_through_inner_things_the_best_known_counts() -> None:
    told = lineage(
        [
            Step(target="a", source="x", evidence="inferred", operation="short"),
            Step(target="a", source="y", operation="second"),
            Step(target="y", source="z", operation="first"),
            Step(target="z", source="x", operation="zeroth"),
        ],
        {"y", "z"},
    )
    (step,) = readable(told).steps
    assert (step.target, step.source, step.evidence) == ("a", "x", "observed")
    assert step.operation == "zeroth → first → second"
    assert step.through == 2


def test_a_way_is_as_well_known_as_its_weakest_step() -> None:
    told = lineage(
        [Step(target="a", source="y"), Step(target="y", source="x", evidence="declared")],
        {"y"},
    )
    assert readable(told).steps[0].evidence == "declared"


def test_the_thing_asked_about_stays_though_it_is_inner() -> None:
    told = lineage([Step(target="a", source="x")], {"a"})
    assert [node.name for node in readable(told).nodes] == ["a", "x"]


@given(STEPS)
def test_things_stand_apart_and_after_what_they_came_from(steps: list[tuple[str, str]]) -> None:
    layout = arrange(NAMES, steps)
    assert set(layout.places) == set(NAMES)
    for (source, target), bends in layout.bends.items():
        first, last = layout.places[source][0], layout.places[target][0]
        assert [layer for layer, _ in bends] == list(range(first + 1, last))
        assert first < last
    for layer in range(layout.layers):
        rows = sorted(row for at, row in layout.places.values() if at == layer)
        assert all(later - earlier > 0.999 for earlier, later in pairwise(rows))
    assert all(0 <= row <= layout.height - 0.999 for _, row in layout.places.values())


@given(STEPS)
def test_only_steps_that_close_a_circle_are_disobeyed(steps: list[tuple[str, str]]) -> None:
    forward = [(source, target) for source, target in steps if NAMES.index(source) < NAMES.index(target)]
    assert set(arrange(NAMES, forward).bends) == set(forward)


def test_names_cannot_break_out_of_pictures() -> None:
    name = '"]; x [label="</text><script>&\\'
    told = Lineage(
        thing="a",
        downstream=False,
        nodes=(Node(iri="a", id="a", kind="model", name=name), Node(iri="b", id="b", kind="file", name=name)),
        steps=(Step(target="a", source="b", operation=name, evidence="inferred"),),
    )
    svg, dot = to_svg(told), to_dot(told)
    assert "<script>" not in svg
    assert svg.count("</svg>") == 1
    assert 'x [label="</text' not in dot.replace('\\"', "'")
    assert "step guessed" in svg
    assert "style=dashed" in dot
