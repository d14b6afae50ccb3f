from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from tests.views.test_wide import record_three

if TYPE_CHECKING:
    from provkg.config import Home
    from tests.cli.conftest import Command


def test_the_table_is_printed_as_csv_and_json_and_for_people(provkg: Command, home: Home) -> None:
    record_three(home)
    done = provkg("table", "-w", "accuracy > 0.85", "--sort", "accuracy desc", "-n", "1", "-f", "json")
    (row,) = json.loads(done.out)
    assert (done.code, row["metric:accuracy"], row["setting:C"]) == (0, [0.8, 0.95], 10.0)
    rows = list(csv.DictReader(io.StringIO(provkg("table", "--by", "model", "-f", "csv").out)))
    assert [row["metric:test_accuracy"] for row in rows] == ["", "0.8", "0.95", "0.9"]
    assert rows[0]["setting:probability"] == "true"
    lines = provkg("table").out.splitlines()
    assert [line.split()[0] for line in lines] == ["run", "00000003", "00000002", "00000001"]
    assert "trees" in lines[0]
    assert "probability" not in lines[0]


def test_a_table_without_rows_says_so_and_a_wrong_condition_is_refused(provkg: Command, home: Home) -> None:
    record_three(home)
    empty = provkg("table", "-w", "accuracy > 2")
    assert (empty.code, empty.out, empty.err) == (0, "", "Nothing recorded fits.\n")
    wrong = provkg("table", "-w", "accuracy >")
    assert (wrong.code, wrong.out) == (2, "")
    assert "Write for example" in wrong.err
