"""What all records share, and the closed lists of words they use."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec

__all__ = [
    "ActivityKind",
    "CodeKind",
    "Digest",
    "Evidence",
    "FileMode",
    "OutputKind",
    "Record",
    "Role",
    "RunKind",
    "Scalar",
    "SeriesBy",
    "SplitRole",
    "Status",
    "ValueKind",
]


Scalar: TypeAlias = str | int | float | bool | None


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all records share: frozen, keyword-only, defaults left out of the JSON form.

    Each repeats ``frozen=True`` for type checkers, which do not inherit it (PEP 681).
    """


class Evidence(StrEnum):
    """How a link is known."""

    OBSERVED = "observed"
    """Seen at run time: by object identity, content fingerprint or an operating-system event."""
    DECLARED = "declared"
    """A knowledge base says that this call does so."""
    INFERRED = "inferred"
    """From the source text alone."""
    IMPORTED = "imported"
    """Taken from another tool's record."""


class Status(StrEnum):
    """How an execution or a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """Stopped from outside: by the user, a time limit, a pruner, or the death of the process."""


class RunKind(StrEnum):
    """What was run."""

    NOTEBOOK = "notebook"
    SCRIPT = "script"
    IMPORTED = "imported"


class CodeKind(StrEnum):
    """What kind of document holds the code."""

    NOTEBOOK = "notebook"
    SCRIPT = "script"


class ActivityKind(StrEnum):
    """The recognised steps of machine learning."""

    LOADING = "data loading"
    PREPROCESSING = "preprocessing"
    SPLITTING = "splitting"
    TRAINING = "training"
    TUNING = "tuning"
    EVALUATION = "evaluation"
    PREDICTION = "prediction"
    SAVING = "saving"


class ValueKind(StrEnum):
    """What a value is to an experiment."""

    DATASET = "data set"
    MODEL = "model"
    TRANSFORMER = "transformer"
    """A fitted or unfitted preprocessor: it transforms data and predicts nothing."""
    PREDICTION = "prediction"
    OTHER = "other"


class SplitRole(StrEnum):
    """What a part of a data set is set aside for."""

    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"


class Role(StrEnum):
    """The part a used thing plays in an activity."""

    DATA = "data"
    """Features or a whole table."""
    TARGET = "target"
    """Labels or target values given to a training or tuning."""
    MODEL = "model"
    TRUTH = "truth"
    """The true values a metric compares with."""
    PREDICTION = "prediction"
    """The predicted values a metric judges."""
    VALIDATION = "validation"
    """Data that a training measured its progress on, and did not learn from."""
    FILE = "file"
    INPUT = "input"
    """Anything else."""


class SeriesBy(StrEnum):
    """What the values of a series follow each other by."""

    ROUND = "round"
    """Rounds of boosting."""
    EPOCH = "epoch"
    STEP = "step"
    FOLD = "fold"
    CANDIDATE = "candidate"
    """Combinations of settings that a search tried."""
    TRIAL = "trial"
    """Trials of a study."""


class FileMode(StrEnum):
    """What was done to a file."""

    READ = "read"
    WRITTEN = "written"
    IMPORTED = "imported"
    """It is a module of the user's own."""


class OutputKind(StrEnum):
    """How an output came to be shown."""

    STDOUT = "stdout"
    STDERR = "stderr"
    DISPLAY = "display"
    RESULT = "result"
    ERROR = "error"


class Digest(StrEnum):
    """How much of a content a digest covers."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"
    """No digest was taken: the content was too large, gone, or unreadable."""
