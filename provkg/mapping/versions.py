"""Versions of packages as texts that sort as the versions do."""

from __future__ import annotations

import re

__all__ = ["sort_key"]

_VERSION = re.compile(
    r"""v?(?:(?P<epoch>[0-9]+)!)?(?P<release>[0-9]+(?:\.[0-9]+)*)
    (?:[-_.]?(?P<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<pre_number>[0-9]*))?
    (?P<post>-(?P<implicit>[0-9]+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_number>[0-9]*))?
    (?P<dev>[-_.]?dev[-_.]?(?P<dev_number>[0-9]*))?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?""",
    re.VERBOSE,
)
_PHASES = {"a": "1", "alpha": "1", "b": "2", "beta": "2", "c": "3", "rc": "3", "pre": "3", "preview": "3"}


def sort_key(version: str) -> str:
    """A text that sorts among its like, by code points, as PEP 440 sorts versions; empty for no version.

    Equal versions (``1.0`` and ``1``) have equal keys. Numbers have their length in front as a letter, so
    that they sort as text; a space sorts before the dot that continues a release.

    >>> sorted(["1.10", "1.9", "1.10rc1", "1.10.1"], key=sort_key)
    ['1.9', '1.10rc1', '1.10', '1.10.1']
    """
    match = _VERSION.fullmatch(version.strip().lower())
    if not match:
        return ""
    numbers = re.sub(r"(\.0+)+$", "", match["release"]).split(".")
    release = ".".join(_number(number) for number in numbers)
    pre, post, dev = match["pre"], match["post"], match["dev"]
    released = "0" if dev and not post else "4"
    phase = _PHASES[pre] + _number(match["pre_number"]) if pre else released
    after = "1" + _number(match["implicit"] or match["post_number"]) if post else "0"
    before = "0" + _number(match["dev_number"]) if dev else "1"
    local = "+" + ".".join(map(_local, re.split(r"[-_.]", match["local"]))) if match["local"] else ""
    return f"{_number(match['epoch'])}!{release} {phase} {after} {before}{local}"


def _number(digits: str | None) -> str:
    plain = (digits or "").lstrip("0") or "0"
    return chr(ord("a") + min(len(plain), 26) - 1) + plain


def _local(part: str) -> str:
    return f"~{_number(part)}" if part.isdigit() else part
