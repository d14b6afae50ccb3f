"""Records keep what they hold through their JSON form, whatever that is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings

from provkg.records import (
    CellExecution,
    CellFinished,
    CellStarted,
    EnvironmentSeen,
    Event,
    ParametersSeen,
    Run,
    RunKind,
    RunStarted,
    Setting,
    Status,
    StepsSeen,
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
    if run.examined is not None:
        yield run.examined
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
    assert again.examined == run.examined
    assert (again.environment is None) == (run.environment is None)


@given(runs())
@told
def test_an_execution_that_never_ended_was_interrupted(run: Run) -> None:
    begun = [event for event in events_of(run) if not isinstance(event, CellFinished)]
    again = fold(begun)
    assert again is not None
    assert len(again.executions) == len(run.executions)
    assert all(execution.status is Status.INTERRUPTED for execution in again.executions)


@given(runs())
@told
def test_steps_told_of_an_execution_count_until_its_end_tells_them_all(run: Run) -> None:
    events: list[Event] = [run.started]
    for execution in run.executions:
        bare = CellExecution(
            order=execution.order, source="", sha256=execution.sha256, started_at=execution.started_at
        )
        events.append(CellStarted(execution=bare))
        events += [
            StepsSeen(
                order=execution.order,
                at=datetime(2026, 11, 23, tzinfo=UTC),
                values=execution.values[: number + 1],
                files=execution.files,
                activities=execution.activities[number : number + 1],
                links=execution.links[number : number + 1],
            )
            for number in range(4)
        ]
    cut_short = fold(events)
    assert cut_short is not None
    for told_, execution in zip(cut_short.executions, run.executions, strict=True):
        assert told_.status is Status.INTERRUPTED
        assert told_.values == execution.values
        assert told_.files == execution.files
        assert told_.activities == execution.activities
        assert told_.links == execution.links
    ended = fold([*events, *(CellFinished(execution=execution) for execution in run.executions)])
    assert ended is not None
    assert ended.executions == run.executions


def test_parameters_that_the_code_read_count_more_than_those_of_the_command_line() -> None:
    began = datetime(2026, 11, 23, tzinfo=UTC)
    text = (Setting(name="lr", value="0.1", type="str"),)
    read = (Setting(name="lr", value=0.1, type="float", explicit=True),)
    started = RunStarted(run="a", kind=RunKind.SCRIPT, started_at=began, recorder="", parameters=text)
    by_text, by_code = fold([started]), fold([started, ParametersSeen(parameters=read)])
    assert by_text is not None
    assert by_code is not None
    assert by_text.started.parameters == text
    assert by_code.started.parameters == read


def test_events_without_a_beginning_are_no_run() -> None:
    assert fold([]) is None
