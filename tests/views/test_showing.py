"""`show` of things that are not of one run alone, on three sessions of one notebook that is edited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest

from provkg.config import find_home
from provkg.errors import AmbiguousError, NotFoundError
from provkg.records import ActivityKind, FileMode, OutputKind, Role, ValueKind, encode_event
from provkg.store import open_store
from provkg.views import Card, RunSummary, show
from tests.queries.manifest import make_home
from tests.queries.story import Story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from provkg.records import Event

    Shown = Callable[..., Card]

FIRST, SECOND, OTHER = (f"{letter}a000000-0000-4000-8000-000000000001" for letter in "bcd")
MORNING = datetime(2026, 4, 1, 8, tzinfo=UTC)


def session(run: str, notebook: str, day: int, depth: int, pandas: str, content: str) -> list[Event]:
    story = Story(
        run,
        notebook,
        MORNING + timedelta(days=day),
        python="3.11.9",
        kernel="ipykernel 7.0",
        packages={"pandas": pandas, "scikit-learn": "1.9.1"},
        text=content,
    )
    with story.cell("load", 0, "import pandas as pd\ndf = pd.read_csv('data.csv')") as cell:
        cell.imports("pandas", alias="pd", package="pandas")
        file = cell.file("data.csv", FileMode.READ, content)
        df = cell.frame("df", 90 + day, content=content)
        cell.step(ActivityKind.LOADING, "pandas.read_csv", [(file, Role.FILE)], [df], package="pandas")
        cell.defines("df", "pandas.DataFrame", value=df.id)
    for shown in (depth, depth + 1):
        with story.cell("train", 1, f"depth = {shown}\ntree = Tree(depth).fit(df)") as cell:
            cell.reads("df")
            cell.defines("depth", "int", text=str(shown))
            tree = cell.value("tree", ValueKind.MODEL, "sklearn.tree.Tree")
            cell.step(ActivityKind.TRAINING, "sklearn.tree.Tree.fit", [(df, Role.DATA)], [tree])
            result = cell.result("accuracy", 0.9, tree, df)
            cell.step(ActivityKind.EVALUATION, "accuracy_score", [(tree, Role.MODEL)], results=[result])
            cell.prints(f"depth {shown}\nmore")
    with story.cell("look", 2, "df, depth") as cell:
        cell.reads("df", "depth", "missing")
        cell.output(OutputKind.RESULT, {"text/plain": "90 rows"})
    with story.cell("last", 3, "1 / 0") as cell:
        cell.fails("ZeroDivisionError", "division by zero", 1)
    return story.end()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """What `show` gives for words; two runs of a.ipynb a day apart, and one of b.ipynb."""
    folder = tmp_path_factory.mktemp("showing")
    told = {
        "first": session(FIRST, "a.ipynb", 0, 3, "2.9.0", "old"),
        "second": session(SECOND, "a.ipynb", 1, 4, "3.1.1", "new"),
        "other": session(OTHER, "b.ipynb", -1, 9, "2.9.0", "old"),
    }
    paths = []
    for name, events in told.items():
        paths.append(folder / f"{name}.jsonl")
        paths[-1].write_bytes(b"".join(encode_event(event) + b"\n" for event in events))
    home = find_home(path=make_home(folder, tuple(paths)).path)
    with open_store(home) as store:

        def look(words: str, run: str = "latest") -> Card:
            return cast("Card", show(store, home, words, run))

        yield look


def table(card: Card, title: str) -> list[tuple[str, ...]]:
    return [row for one in card.sections if one.title.startswith(title) for row in one.rows]


def test_a_cell_tells_its_versions_what_changed_and_each_execution(shown: Shown) -> None:
    card = shown("cell train")
    assert card.facts["versions"] == "3"
    assert card.facts["executions"] == "4 in 2 runs"
    assert card.text == "depth = 5\ntree = Tree(depth).fit(df)"
    assert [(row[0], row[4], row[5]) for row in table(card, "Versions")] == [
        ("1", "1", "1"),
        ("2", "2", "2"),
        ("3", "1", "1"),
    ]
    executions = table(card, "Executions")
    assert [(row[0], row[2]) for row in executions] == [
        ("ca000000/[3]", "3"),
        ("ca000000/[2]", "2"),
        ("ba000000/[3]", "2"),
        ("ba000000/[2]", "1"),
    ]
    assert executions[0][4] == "depth 5…"
    assert [line for line in card.passages[0].text.splitlines() if line[0] in "+-"] == [
        "-depth = 4",
        "+depth = 5",
    ]
    assert len(card.passages) == 2


@pytest.mark.parametrize(
    "word", ["train", "tra", "2", "[3]", "latest~1/train", "a.ipynb/2", "a.ipynb/[2]", "latest/[2]"]
)
def test_a_cell_is_meant_by_id_position_or_prompt(shown: Shown, word: str) -> None:
    assert shown(f"cell {word}").iri == shown("cell train").iri


def test_cells_of_other_notebooks_are_others(shown: Shown) -> None:
    other = shown("cell b.ipynb/train")
    assert other.iri != shown("cell train").iri
    assert other.facts["executions"] == "2 in 1 run"
    assert shown(other.iri) == other


def test_a_cell_that_failed_says_so(shown: Shown) -> None:
    card = shown("cell last")
    assert card.facts["ended"] == "2 failed"
    assert table(card, "Executions")[0][4] == "failed; ZeroDivisionError: division by zero"


def test_one_execution_leads_to_all_of_its_cell(shown: Shown) -> None:
    card = shown("[2]")
    assert card.facts["of its cell"] == "version 2 of 3, execution 3 of 4 in 2 runs"
    [(word, _)] = card.see
    assert shown(word).iri == shown("cell train").iri


def test_a_variable_tells_who_set_it_what_it_held_and_who_read_it(shown: Shown) -> None:
    card = shown("variable depth")
    assert card.facts["holds"] == "5"
    assert [(row[0], row[1], row[4]) for row in table(card, "States")] == [
        ("cell [2]", "4", ""),
        ("cell [3]", "5", "[4]"),
    ]
    assert shown("depth") == card == shown(card.iri)
    assert shown(f"variable {FIRST[:8]}/depth").facts["holds"] == "4"
    assert table(shown("variable pd"), "States")[0][:3] == ("cell [1]", "pandas", "imported")


def test_what_was_read_but_never_set_is_told_as_such(shown: Shown) -> None:
    card = shown("variable missing")
    assert not card.sections
    assert card.facts["read, not known who set it"] == "[4]"


def test_a_table_leads_to_its_variable(shown: Shown) -> None:
    [(word, _)] = shown("df").see
    assert shown(word).kind == "variable"


def test_a_package_tells_its_versions_over_runs_and_where_it_was_imported(shown: Shown) -> None:
    card = shown("package pandas")
    assert [row[:2] for row in table(card, "Versions")] == [("3.1.1", "1"), ("2.9.0", "2")]
    assert table(card, "Imported") == [("[1]", "import pandas", "pd", "0")]
    assert card.facts["in run ca000000"] == "3.1.1"
    assert shown("Scikit_Learn").name == "scikit-learn"


def test_an_environment_tells_its_packages_and_what_changed_since_the_one_before(shown: Shown) -> None:
    card = shown("environment")
    assert card.facts["Python"] == "3.11.9"
    assert table(card, "Packages that changed since run ba000000") == [("pandas", "2.9.0", "3.1.1")]
    before = shown(f"environment {FIRST}")
    assert [row[0] for row in table(before, "Runs")] == ["ba000000", "da000000"]
    digest = before.iri.rpartition("/")[2]
    assert shown(f"environment {digest[:10]}").iri == shown(before.iri).iri == before.iri


def test_a_file_tells_all_runs_with_its_content_and_the_contents_at_its_path(shown: Shown) -> None:
    card = shown("data.csv", FIRST)
    assert [row[0] for row in table(card, "This content")] == ["ba000000/[1]", "da000000/[1]"]
    now, then = table(card, "Contents at this path")
    assert (now[2], now[5]) == ("91 × 0", "1") or now[2].startswith("91")
    assert then[0].endswith("(this)")
    assert then[5:] == ("2", "0")


def test_a_result_tells_where_its_metric_was_measured_again(shown: Shown) -> None:
    assert len(table(shown("accuracy"), "Also accuracy")) == 1
    with pytest.raises(AmbiguousError, match="measured 2 times"):
        shown("result accuracy")


def test_an_output_of_unknown_source_tells_what_its_cell_read(shown: Shown) -> None:
    outputs = [row[2] for row in table(shown("[4]"), "Recorded") if row[1] == "output"]
    assert table(shown(outputs[0]), "May show what its cell reads")[0][0] == "df"


@pytest.mark.parametrize("words", ["cell l", "cell nothing", "cell [77]", "cell 77", "cell"])
def test_a_word_for_no_cell_or_for_several_is_refused(shown: Shown, words: str) -> None:
    with pytest.raises(NotFoundError):
        shown(words)


@pytest.mark.parametrize(
    "words",
    ["variable tre", "package pands", "commit 123456", "commit x", "result nothing", "environment ffff", ""],
)
def test_words_for_nothing_of_a_kind_are_refused(shown: Shown, words: str) -> None:
    with pytest.raises(NotFoundError):
        shown(words)


@pytest.mark.parametrize(
    "words", ["cell a> } #", "<a b>", "variable \"'\\", "package \n", "cell " + "9" * 5000]
)
def test_hostile_words_are_refused_as_unknown(shown: Shown, words: str) -> None:
    with pytest.raises(NotFoundError):
        shown(words)


def test_a_run_can_be_named_with_its_kind(shown: Shown) -> None:
    view: Card | RunSummary = shown(f"run {FIRST[:8]}")
    assert isinstance(view, RunSummary)
    assert view.run == FIRST
