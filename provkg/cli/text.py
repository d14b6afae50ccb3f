"""Numbers, times and paths as people read them."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["count_text", "number_text", "path_text", "seconds_text", "short", "size_text", "time_text"]

DIGITS = 8
"""How many characters of an identifier or digest are shown."""


def short(identifier: str) -> str:
    """The beginning of an identifier or digest, enough to name it."""
    return identifier[:DIGITS]


def size_text(size: int | None) -> str:
    """A number of bytes in decimal units.

    >>> size_text(999), size_text(13_478), size_text(2_000_000_000), size_text(None)
    ('999 B', '13.5 kB', '2.0 GB', '')
    """
    if size is None:
        return ""
    if size < 1000:
        return f"{size} B"
    amount = float(size)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 999.95:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1000:.1f} TB"


def seconds_text(seconds: float | None) -> str:
    """A duration.

    >>> seconds_text(0.0312), seconds_text(6.24), seconds_text(312), seconds_text(7384)
    ('31 ms', '6.2 s', '5 min 12 s', '2 h 3 min')
    """
    if seconds is None:
        return ""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def number_text(value: float | None, text: str = "") -> str:
    """A measured number to four decimals or four significant digits; ``text`` where it is not finite.

    >>> number_text(0.97014), number_text(17), number_text(0.00002345), number_text(31415.9)
    ('0.9701', '17', '2.345e-05', '31415.9')
    """
    if value is None:
        return text
    if isinstance(value, int):
        return str(value)
    if value and abs(value) < 0.001:
        return f"{value:.4g}"
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:.6g}"


def count_text(count: int, thing: str) -> str:
    """A count with its noun.

    >>> count_text(1, "row"), count_text(12_000, "row")
    ('1 row', '12,000 rows')
    """
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def path_text(path: str) -> str:
    """A path as seen from the working folder, or from the home directory (``~``); an address as it is."""
    if "://" in path or not path:
        return path or "left out"
    given = Path(path)
    if given.is_relative_to(Path.cwd()):
        return str(given.relative_to(Path.cwd()))
    near = os.path.relpath(path)
    if not near.startswith("../../"):
        return near
    return f"~/{given.relative_to(Path.home())}" if given.is_relative_to(Path.home()) else path


def time_text(time: datetime) -> str:
    """A time in the zone of this machine, with the zone's name."""
    local = time.astimezone()
    return f"{local:%Y-%m-%d %H:%M:%S} {local.tzname() or UTC}"
