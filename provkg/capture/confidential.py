"""Keeps secrets out of the texts of variables that go into the record."""

from __future__ import annotations

import os
import re

__all__ = ["without_secrets"]

_SECRET = re.compile(
    r"passw|passphrase|\bpwd\b|secret|token(?!i[sz])|api_?key|access_?key|private_?key|credential|auth(?!or)",
    re.IGNORECASE,
)
_IN_URL = re.compile(r"(?<=://)[^/\s@]*:[^/\s]*@")
_SHORTEST = 4
"""Shorter values of environment variables are no secrets, and stand in many texts by accident."""


def without_secrets(name: str, text: str) -> str:
    """The text of a variable as it may be recorded.

    Empty when the variable's name says that it is a secret, or when the text holds the value of an
    environment variable whose name says so. User names and passwords are taken out of URLs.

    >>> without_secrets("password", "hunter2"), without_secrets("url", "https://ann:pw@example.org/a.csv")
    ('', 'https://example.org/a.csv')
    """
    if _SECRET.search(name):
        return ""
    for variable, value in os.environ.items():
        if len(value) >= _SHORTEST and value in text and _SECRET.search(variable):
            return ""
    return _IN_URL.sub("", text)
