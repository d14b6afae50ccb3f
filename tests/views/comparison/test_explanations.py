"""What explains a changed result, on real runs of one experiment that differ in one known thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from provkg.records import Evidence
from provkg.views.comparison import Aspect, Change
from provkg.views.comparison.wording import verdict
from tests.views.comparison.conftest import CELLS, table

if TYPE_CHECKING:
    from provkg.records import Run
    from provkg.views.comparison import Cause, Comparison
    from tests.views.comparison.conftest import Laboratory


WEAKER = CELLS["chosen"].replace("1.0", "0.0001")


def causes(found: Comparison) -> list[Cause]:
    """The causes of the one group of results that changed."""
    [explanation] = found.explanations
    return list(explanation.causes)


def test_identical_runs_are_said_to_differ_in_nothing(laboratory: Laboratory, base: Run) -> None:
    found = laboratory.compare(base, laboratory.run(repetition=1))
    assert (found.differences, found.outputs, found.explanations) == ((), (), ())
    assert found.same
    assert verdict(found).startswith("Nothing differs: code, settings, data, split, seeds, environment")
    itself = laboratory.compare(base, base)
    assert verdict(itself) == "Nothing differs: it is the same, compared with itself."


def test_a_changed_setting_is_the_one_cause_with_the_line_that_set_it(
    laboratory: Laboratory, base: Run
) -> None:
    edited = WEAKER
    found = laboratory.compare(base, laboratory.run({"chosen": edited}))
    [cause] = causes(found)
    assert (cause.aspect, cause.item) == (Aspect.SETTINGS, "C of LogisticRegression (model)")
    assert (cause.before, cause.after) == ("1.0 (default)", "0.0001")
    assert cause.evidence is Evidence.OBSERVED
    assert cause.path[-2:] == ("model", "accuracy") or cause.path[-1] == "accuracy"
    assert cause.also == ("written in cell [2]",)
    assert "+strength = 0.0001" in cause.diff
    [accuracy] = found.changed()
    assert accuracy.changes[1] == accuracy.values[1] - accuracy.values[0]  # type: ignore[operator]


def test_changed_data_are_found_by_digest_and_told_by_rows_and_columns(
    laboratory: Laboratory, base: Run
) -> None:
    other = table(5, "abczd") + "1,2,3,4,5,0\n"
    found = laboratory.compare(base, laboratory.run(data=other))
    [cause] = causes(found)
    assert (cause.aspect, cause.item) == (Aspect.DATA, "table.csv")
    assert cause.path[:2] == ("table.csv", "table")
    [file] = [one for one in found.of(Aspect.DATA) if one.change is Change.CHANGED]
    details = {detail.name: detail.values for detail in file.details}
    assert details["rows"] == ("160", "161")
    assert details["column d"] == (None, "float64")


def test_a_package_counts_only_where_it_is_used_on_the_way(laboratory: Laboratory, base: Run) -> None:
    edited = laboratory.run({"chosen": WEAKER})

    def with_version(run: Run, **versions: str) -> Run:
        assert run.environment is not None
        packages = tuple(
            msgspec.structs.replace(
                package, version=versions.get(package.name.replace("-", "_"), package.version)
            )
            for package in run.environment.packages
        )
        environment = msgspec.structs.replace(run.environment, packages=packages)
        return msgspec.structs.replace(run, environment=environment)

    unused = laboratory.compare(base, with_version(edited, narwhals="0.1", joblib="0.1"))
    assert [cause.aspect for cause in causes(unused)] == [Aspect.SETTINGS]
    assert {one.item for one in unused.of(Aspect.ENVIRONMENT)} == {"narwhals", "joblib"}
    # What pandas read is the same in both, so that it has no part in the change.
    both = laboratory.compare(base, with_version(edited, scikit_learn="0.1", pandas="0.1"))
    assert [cause.item for cause in causes(both)] == ["C of LogisticRegression (model)", "scikit-learn"]


def test_what_is_not_upstream_or_led_to_equal_data_is_no_cause(laboratory: Laboratory, base: Run) -> None:
    edited = {
        "chosen": "strength = 0.0001\ntitle = 'another title'",
        "aside": "print(title.upper())",
        "judge": f"{CELLS['judge']}\nprint('done')",
        "helper": f"{CELLS['helper']}\n\ndef unused(frame):\n    return frame",
    }
    # A blank line more changes the file's digest, and nothing that is read from it.
    found = laboratory.compare(base, laboratory.run(edited, data=table(0) + "\n"))
    assert len(found.of(Aspect.CODE)) == 4
    assert [one.item for one in found.of(Aspect.DATA)] == ["table.csv"]
    assert {"train[…]", "test[…]"} <= set(found.explanations[0].equal)
    assert [cause.item for cause in causes(found)] == ["C of LogisticRegression (model)"]


def test_an_edited_function_on_the_way_is_a_cause_with_its_lines(laboratory: Laboratory, base: Run) -> None:
    edited = CELLS["helper"].replace("'a', 'b', ", "")
    found = laboratory.compare(base, laboratory.run({"helper": edited}))
    cause = causes(found)[0]
    assert (cause.aspect, cause.item) == (Aspect.CODE, "cell [5]")
    assert "line 2" in cause.because
    assert "features" in cause.path


def test_a_cell_that_only_moved_is_matched_and_explains_nothing(laboratory: Laboratory, base: Run) -> None:
    order = ("imports", "helper", "chosen", "load", "split", "train", "judge", "aside")
    found = laboratory.compare(base, laboratory.run(order=order))
    [cell] = found.of(Aspect.CODE)
    assert (cell.item, cell.change) == ("cell [5]", Change.MOVED)
    assert not found.same
    assert not found.explanations


def test_a_seed_that_changed_is_a_difference_of_the_split_or_of_seeds(
    laboratory: Laboratory, base: Run
) -> None:
    edited = CELLS["split"].replace("random_state=0", "random_state=3")
    found = laboratory.compare(base, laboratory.run({"split": edited}))
    [cause] = causes(found)
    assert cause.item.startswith("random_state of train_test_split")
    assert (cause.before, cause.after) == ("0", "3")
    follows = [one.item for one in found.differences if one.change is Change.FOLLOWS]
    assert {"table train", "table test"} <= set(follows)
    assert found.explanations[0].equal == ("table",)


def test_a_global_seed_counts_where_a_step_drew_without_its_own(laboratory: Laboratory) -> None:
    def seeded(seed: str) -> Run:
        split = (
            f"import numpy as np\nnp.random.seed({seed})\n{CELLS['split'].replace(', random_state=0', '')}"
        )
        return laboratory.run({"split": split})

    found = laboratory.compare(seeded("1"), seeded("2"))
    [cause] = causes(found)
    assert (cause.aspect, cause.item, cause.before, cause.after) == (Aspect.SEEDS, "numpy.random", "1", "2")
    assert "without a seed of its own" in cause.because


def test_random_numbers_without_any_seed_are_named_where_nothing_else_differs(
    laboratory: Laboratory,
) -> None:
    split = CELLS["split"].replace(", random_state=0", "")
    first = laboratory.run({"split": split})
    repeated = (
        laboratory.compare(first, laboratory.run({"split": split}, repetition=n)) for n in range(1, 9)
    )
    found = next(one for one in repeated if one.explanations)  # by chance, two scores can be equal
    assert found.of(Aspect.CODE, Aspect.SETTINGS, Aspect.ENVIRONMENT) == ()
    [cause] = causes(found)
    assert cause.item == "random numbers of train_test_split"
    assert cause.before == cause.after == "no seed"


def test_runs_of_different_notebooks_match_cells_by_their_texts(laboratory: Laboratory, base: Run) -> None:
    renamed = laboratory.run({"chosen": WEAKER})
    started = renamed.started
    assert started.code is not None
    code = msgspec.structs.replace(started.code, path="/elsewhere/other.ipynb")
    executions = tuple(
        msgspec.structs.replace(execution, cell_id=f"other-{execution.order}")
        for execution in renamed.executions
    )
    moved = msgspec.structs.replace(
        renamed, started=msgspec.structs.replace(started, code=code), executions=executions
    )
    found = laboratory.compare(base, moved)
    [cell] = found.of(Aspect.CODE)
    assert (cell.item, cell.change, cell.places) == ("cell [2]", Change.CHANGED, ("cell [2]", "cell [2]"))
    assert any("different documents" in note for note in found.notes)


def test_a_failed_run_tells_its_error_and_what_it_did_not_reach(laboratory: Laboratory, base: Run) -> None:
    found = laboratory.compare(
        base, laboratory.run({"train": "model = LogisticRegression(C=strength).fit(train)"})
    )
    [outcome] = found.of(Aspect.OUTCOME)
    assert outcome.values[0] == "succeeded"
    assert outcome.values[1] is not None
    assert outcome.values[1].startswith("failed: TypeError")
    assert outcome.places[1] == "cell [6]"
    [accuracy] = found.measures
    assert accuracy.values[1] is None
    assert not accuracy.same


def test_more_than_two_runs_stand_side_by_side_and_each_is_explained(
    laboratory: Laboratory, base: Run
) -> None:
    stronger = laboratory.run({"chosen": WEAKER})
    reseeded = laboratory.run({"split": CELLS["split"].replace("random_state=0", "random_state=3")})
    found = laboratory.compare(base, stronger, reseeded)
    assert {(one.first, one.second) for one in found.explanations} == {(0, 1), (0, 2)}
    [setting] = list(found.of(Aspect.SETTINGS))
    assert setting.values == ("1.0 (default)", "0.0001", "1.0 (default)")
    [accuracy] = found.measures
    assert len(accuracy.values) == 3
    by_second = {one.second: [cause.aspect for cause in one.causes] for one in found.explanations}
    assert by_second == {1: [Aspect.SETTINGS], 2: [Aspect.SPLIT]}
