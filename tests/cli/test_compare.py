from __future__ import annotations

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import msgspec
import pytest

from provkg.journal import Journal
from provkg.records import CellFinished, Event, RunStarted
from tests.penguins import BEGAN, RUNS, tell_penguins

if TYPE_CHECKING:
    from provkg.config import Home
    from tests.cli.conftest import Command

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "comparison.schema.json"
HOSTILE = "</pre><script src=http://127.0.0.1/x>alert(1)</script>\x1b[31m\udce9"


@pytest.fixture
def edited(recorded: Home, tmp_path: Path) -> Home:
    """The home with a fourth run, whose forest is larger, is better, and has a name that could do harm."""
    with Journal(recorded, "c40c9a3e-7f43-4f6d-8c58-6b7d1a2e9c14") as journal:
        for event in tell_penguins(
            tmp_path, "c40c9a3e-7f43-4f6d-8c58-6b7d1a2e9c14", BEGAN + timedelta(days=4)
        ):
            journal.append(_edited(event))
    return recorded


def _edited(event: Event) -> Event:
    if isinstance(event, RunStarted):
        return msgspec.structs.replace(event, name=HOSTILE)
    if not isinstance(event, CellFinished):
        return event
    execution = event.execution
    activities = tuple(
        msgspec.structs.replace(
            activity,
            settings=tuple(
                msgspec.structs.replace(setting, value=500) if setting.name == "n_estimators" else setting
                for setting in activity.settings
            ),
            results=tuple(msgspec.structs.replace(result, value=0.98) for result in activity.results),
        )
        for activity in execution.activities
    )
    source = execution.source.replace("n_estimators=200", "n_estimators=500")
    if execution.order == 5:
        source = f"1 / 0  # {HOSTILE}"
    changed = msgspec.structs.replace(execution, source=source, sha256="0" * 64, activities=activities)
    return CellFinished(execution=changed)


def test_without_words_the_latest_run_is_compared_with_the_one_before(
    provkg: Command, recorded: Home
) -> None:
    done = provkg("compare")
    assert (done.code, done.err) == (0, "")
    assert done.out.split()[0] == RUNS[1][:8]
    assert "Nothing differs: code, settings, data, split, seeds, environment" in done.out


def test_a_changed_setting_is_told_with_the_result_that_it_changed(provkg: Command, edited: Home) -> None:
    done = provkg("compare", "latest~1", "latest")
    assert done.code == 0
    shown = " ".join(done.out.split())
    for part in (
        "Why accuracy of forest changed accuracy of forest: 0.970149 → 0.98",
        "1. n_estimators of RandomForestClassifier (forest) 200 → 500",
        "RandomForestClassifier.fit made forest, from which accuracy came; written in cell [3]",
        "fit → forest → accuracy",
        "-forest = RandomForestClassifier(n_estimators=200) +forest =",
        "accuracy forest test 0.9701 0.9800 +0.009851",
    ):
        assert part in shown
    assert "\x1b" not in done.out


def test_executions_of_cells_are_compared_by_their_prompts(provkg: Command, edited: Home) -> None:
    done = provkg("compare", "latest~1/[3]", "[3]")
    assert done.code == 0
    assert "cell [3] of run" in done.out
    assert "n_estimators" in done.out
    assert "ZeroDivisionError" not in done.out
    within = provkg("compare", "[2]", "[3]").out
    assert within.split()[:2] == ["cell", "[2]"]
    assert "forest = RandomForestClassifier(n_estimators=500)" in within


def test_the_json_form_is_as_its_schema_says(provkg: Command, edited: Home) -> None:
    found = json.loads(provkg("compare", "latest~2", "latest~1", "latest", "--format", "json").out)
    jsonschema.validate(found, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [one["run"][:4] for one in found["compared"]] == ["5f0d", "a30c", "c40c"]
    [explanation] = found["explanations"]
    assert (explanation["first"], explanation["second"]) == (0, 2)
    assert explanation["causes"][0]["item"].startswith("n_estimators")
    assert not found["same"]
    assert "pictures" not in found


class _Page(HTMLParser):
    """The elements of a page, and all addresses in them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "data", "action"}]


def test_the_report_needs_nothing_but_itself_and_shows_hostile_text_as_text(
    provkg: Command, edited: Home, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    done = provkg("compare", "--html", str(path))
    assert (done.code, done.out) == (0, "")
    text = path.read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert page.tags.isdisjoint({"script", "link", "iframe", "object", "form"})
    assert all(address.startswith("data:image/") for address in page.addresses)
    assert not re.search(r"url\(|@import", text)
    assert "&lt;script src=http://127.0.0.1/x&gt;" in text
    assert "␛[31m" in text
    assert '<html lang="en">' in text


def test_what_cannot_be_compared_is_told_with_a_remedy(
    provkg: Command, recorded: Home, tmp_path: Path
) -> None:
    unknown = provkg("compare", "latest", "nothing")
    assert (unknown.code, unknown.out) == (2, "")
    assert "There is no run 'nothing'" in unknown.err
    cell = provkg("compare", "[2]", "[77]")
    assert cell.code == 2
    assert "has no cell [77]" in cell.err
    unwritable = provkg("compare", "--html", str(tmp_path / "no" / "folder.html"))
    assert unwritable.code == 2
    assert "No such file or directory" in unwritable.err
