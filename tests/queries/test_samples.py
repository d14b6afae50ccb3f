"""The answers that the reference page of the questions shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provkg.queries import questions

SAMPLES = json.loads((Path(__file__).parents[2] / "docs" / "samples.json").read_bytes())


@pytest.mark.parametrize("name", questions())
def test_every_question_is_shown_with_an_answer_of_a_real_run(name: str) -> None:
    asked = questions()[name]
    sample = SAMPLES.get(name)
    assert sample is not None, "`python docs/samples.py` asks it"
    assert sample["columns"] == list(asked.columns), "`python docs/samples.py` asks it anew"
    assert set(sample["given"]) <= set(asked.params)


def test_samples_tell_nothing_of_the_machine_they_were_made_on() -> None:
    text = json.dumps(SAMPLES)
    assert "/tmp/" not in text
    assert "/home/ada/provkg" in text
