"""Records keep what they hold through their JSON form, whatever that is."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import HealthCheck, given, settings

from provkg.records import (
    CellFinished,
    CellStarted,
    EnvironmentSeen,
    Event,
    Run,
    Status,
    decode_event,
    encode_event,
    fold,
)
from tests.strategies import runs

told = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def events_of(run: Run) -> Iterator[Event]:
    """The events that tell of a run."""
    yield run.started
    if run.environment is not None:
        yield EnvironmentSeen(environment=run.environment)
    yield from run.documents
    for execution in run.executions:
        yield CellStarted(execution=execution)
        yield CellFinished(execution=execution)
    if run.finished is not None:
        yield run.finished


@given(runs())
@told
def test_every_event_survives_its_json_form(run: Run) -> None:
    for event in events_of(run):
        line = encode_event(event)
        assert b"\n" not in line
        assert decode_event(line) == event


@given(runs())
@told
def test_folding_the_events_of_a_run_gives_the_run(run: Run) -> None:
    again = fold(events_of(run))
    assert again is not None
    assert again.started == run.started
    assert again.executions == run.executions
    assert again.documents == run.documents
    assert again.finished == run.finished
    assert (again.environment is None) == (run.environment is None)


@given(runs())
@told
def test_an_execution_that_never_ended_was_interrupted(run: Run) -> None:
    begun = [event for event in events_of(run) if not isinstance(event, CellFinished)]
    again = fold(begun)
    assert again is not None
    assert len(again.executions) == len(run.executions)
    assert all(execution.status is Status.INTERRUPTED for execution in again.executions)


def test_events_without_a_beginning_are_no_run() -> None:
    assert fold([]) is None
