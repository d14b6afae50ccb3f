"""Records of machine learning: activities with their settings and results, and links."""

from __future__ import annotations

from datetime import datetime

from provkg.records.kinds import ActivityKind, Evidence, Record, Role, Scalar, SeriesBy, SplitRole, Status

__all__ = ["Activity", "ColumnLink", "Link", "Result", "Seed", "Setting", "Use"]


class Setting(Record, frozen=True):
    """One setting of an activity.

    ``value`` is a JSON scalar; anything else stands there as text, with its Python class in ``type``.
    ``explicit`` tells whether it differs from the default; None when the default is not known.
    """

    name: str
    value: Scalar
    type: str
    explicit: bool | None = None


class Seed(Record, frozen=True):
    """A random generator that was seeded (``numpy.random``), or left unseeded when ``value`` is None."""

    generator: str
    value: Scalar
    line: int | None = None
    file: str = ""
    """As in an activity."""


class Use(Record, frozen=True):
    """That an activity used a thing of the run, in which role, and how this is known.

    ``argument`` is the parameter's name in the call, where there was one.
    """

    entity: str
    role: Role
    evidence: Evidence = Evidence.OBSERVED
    argument: str = ""


class Result(Record, frozen=True):
    """A measured number.

    ``value`` is None when the number is not finite; ``text`` is its exact Python text. ``series`` holds
    values in their order, ``series_by`` what they follow each other by, where that is known. ``model``
    and ``data`` name values of the run; ``role`` says which split ``data`` is, where known. ``label`` is
    the class that the number is about, where it is about one alone. ``evidence`` tells how model and data
    are known.
    """

    id: str
    metric: str
    value: float | int | None
    text: str = ""
    series: tuple[float | None, ...] = ()
    series_by: SeriesBy | None = None
    model: str = ""
    data: tuple[str, ...] = ()
    role: SplitRole | None = None
    label: str = ""
    evidence: Evidence = Evidence.OBSERVED


class Activity(Record, frozen=True):
    """One recognised step of machine learning.

    ``function`` is the qualified name of what was called, ``implementation`` the qualified class of the
    estimator at work. ``duration`` is in seconds of wall time. ``fits`` counts trainings nested inside
    (cross-validation, search). ``line`` is the line of the cell or script, from 1.
    """

    id: str
    kind: ActivityKind
    function: str
    started_at: datetime | None = None
    """None where it was not seen, as of what other processes did, or what only the text tells of."""
    duration: float | None = 0.0
    implementation: str = ""
    package: str = ""
    """Distribution that provides the function or class (``scikit-learn``)."""
    used: tuple[Use, ...] = ()
    generated: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    results: tuple[Result, ...] = ()
    parent: str = ""
    best: str = ""
    """Of the activities nested in a tuning, the one with the settings that it chose."""
    fits: int = 0
    unseeded: bool = False
    """Whether it drew random numbers from an estimator or splitter without a seed of its own."""
    status: Status = Status.SUCCEEDED
    evidence: Evidence = Evidence.OBSERVED
    line: int | None = None
    file: str = ""
    """The absolute path of the user's module that ``line`` is in, where that is not the run's document."""


class ColumnLink(Record, frozen=True):
    """That a column of a link's target came from columns of its source, or from none of them.

    ``""`` stands for the whole of a value without columns, such as an array; of a target, for each of its
    columns that is not told of by itself. ``further`` says that there were more columns, whose names are left
    out.
    """

    target: str
    sources: tuple[str, ...] = ()
    further: bool = False


class Link(Record, frozen=True):
    """That ``target`` was derived from ``source``, how this is known, and by which operation.

    ``columns`` tells of single columns which they came from. ``same_columns`` says that any other column that
    both have came from the one of the same name. Without these two, nothing is known of columns.
    """

    target: str
    source: str
    evidence: Evidence
    operation: str = ""
    same_columns: bool = False
    columns: tuple[ColumnLink, ...] = ()
