"""Runs, times and contents as the histories tell them."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["moment", "path_name", "run_word", "seconds", "short"]

DIGITS = 8


def short(text: str) -> str:
    """The beginning of an identifier or a digest."""
    return text[:DIGITS]


def run_word(base: str, run: str) -> str:
    """The beginning of a run's id, by its IRI."""
    return short(run.removeprefix(f"{base}run/"))


def moment(text: str) -> str:
    """A time of the store in the zone of this machine, to the minute; empty where it is not known.

    >>> moment("")
    ''
    """
    if not text:
        return ""
    time = datetime.fromisoformat(text)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone().strftime("%Y-%m-%d %H:%M")


def seconds(text: str) -> str:
    """A duration.

    >>> seconds("0.31284"), seconds("")
    ('0.313 s', '')
    """
    return f"{float(text):.3f} s" if text else ""


def path_name(path: str) -> str:
    """The last part of a path or an address."""
    return path.rstrip("/").rpartition("/")[2]
