"""Keeps secrets out of the record: credentials in addresses, access tokens, private keys, secret variables.

Nothing can know every secret. What is known here: user names with passwords and secret parameters in URLs
(RFC 3986, sections 3.2.1 and 3.4), the published forms of widely used access tokens, private keys in PEM form
(RFC 7468), and the values of environment variables whose names say that they are secrets. Digests are of the
original text, so "the same code" stays true.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

__all__ = [
    "MARK",
    "cleaned",
    "cleaned_command",
    "holds_credentials",
    "is_secret_name",
    "is_secret_setting",
    "without_credentials",
    "without_secrets",
]

_SECRET = (
    r"passw|passphrase|signature|\bpwd\b|secret|token(?!i[sz])|api[_-]?key|access[_-]?key|private[_-]?key|credential"
    r"|auth(?!or)"
)
_SECRET_SETTING = (
    r"(?:^|[_-])(?:passw\w*|passphrase|pwd|secret|api[_-]?key|secret[_-]?key|access[_-]?key|private[_-]?key|credentials?"
    r"|(?:api|access|auth|bearer|refresh|session|hf|github)[_-]?token)$|^token$"
)
_HINTS = (
    *(b"://", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_", b"glpat-", b"hf_", b"sk-", b"xox"),
    *(b"AKIA", b"ASIA", b"AIza", b"eyJ", b"-----BEGIN "),
)
_TOKEN = (
    r"(?<![\w-])(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{40,}|glpat-[\w-]{20,}|hf_[A-Za-z0-9]{30,}"
    r"|sk-[A-Za-z0-9_-]{32,}|xox[abeoprs]-[\w-]{10,}|A[KS]IA[0-9A-Z]{16}|AIza[\w-]{35}"
    r"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
)
_ADDRESS = r"://[^\s\"'<>\\`]+"
_PARTS = r"([?&;#])"
_LONGEST_USER = 18
"""A longer user name without a password is an access token."""
_ANY_CASE = (_SECRET, _SECRET_SETTING)
MARK = "***"
"""What stands in the place of a secret."""

_SHORTEST = 8
"""Shorter values of environment variables are no secrets, and stand in many texts by accident."""


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE if text in _ANY_CASE else re.DOTALL)


@cache
def is_secret_name(name: str) -> bool:
    """Whether the name of a variable, setting or parameter says that its value is a secret.

    >>> is_secret_name("api_key"), is_secret_name("n_tokens"), is_secret_name("author")
    (True, True, False)
    """
    return _pattern(_SECRET).search(name) is not None


def is_secret_setting(name: str) -> bool:
    """Whether a setting is a secret by its name: narrower, as libraries have settings like `token_pattern`.

    >>> is_secret_setting("api_key"), is_secret_setting("max_tokens"), is_secret_setting("token_pattern")
    (True, False, False)
    """
    return _pattern(_SECRET_SETTING).search(name) is not None


def _secret_values() -> list[str]:
    """The values of environment variables that are secrets: longest first, without paths and plain words."""
    found = [
        value
        for name, value in os.environ.items()
        if len(value) >= _SHORTEST and is_secret_name(name) and value[0] != "/" and not value.isalpha()
    ]
    return sorted(found, key=len, reverse=True)


def without_credentials(text: str) -> str:
    """A text without the credentials in it.

    >>> without_credentials("read_csv('https://ann:pw@example.org/a.csv?token=f00&part=2')")
    "read_csv('https://example.org/a.csv?token=***&part=2')"
    """
    for value in _secret_values():
        text = text.replace(value, MARK)
    if "://" in text:
        text = _pattern(_ADDRESS).sub(_clean_address, text)
    return _pattern(_TOKEN).sub(MARK, text)


def _clean_address(match: re.Match[str]) -> str:
    # By hand: a pattern with two open ends would take quadratic time on hostile texts.
    front, *parts = _pattern(_PARTS).split(match[0])
    authority, slash, path = front.removeprefix("://").partition("/")
    user, at, host = authority.rpartition("@")
    if at and (":" in user or len(user) > _LONGEST_USER):
        authority = host
    shown = [f"://{authority}{slash}{path}"]
    for mark, part in zip(parts[::2], parts[1::2], strict=True):
        name, equals, value = part.partition("=")
        secret = value and (name.lower() in ("sig", "key", "signature") or is_secret_name(name))
        shown += (mark, f"{name}{equals}{MARK}" if secret else part)
    return "".join(shown)


def holds_credentials(content: bytes) -> bool:
    """Whether a content holds something that `without_credentials` takes out."""
    hinted = any(hint in content for hint in _HINTS)
    if not hinted and not any(value.encode() in content for value in _secret_values()):
        return False
    text = content.decode("utf-8", "surrogateescape")
    return without_credentials(text) != text


def without_secrets(name: str, text: str) -> str:
    """The text of a variable as it may be recorded: empty when its name says that it is a secret.

    >>> without_secrets("password", "hunter2"), without_secrets("url", "https://ann:pw@example.org/a.csv")
    ('', 'https://example.org/a.csv')
    """
    return "" if is_secret_name(name) else without_credentials(text)


def cleaned(value: Any) -> Any:
    """JSON data with every text in it cleaned by `without_credentials`."""
    match value:
        case str():
            return without_credentials(value)
        case list():
            return [cleaned(item) for item in value]
        case dict():
            return {key: cleaned(item) for key, item in value.items()}
        case _:
            return value


def cleaned_command(command: Sequence[str]) -> tuple[str, ...]:
    """A command line without the values of arguments that are secrets by their names.

    >>> cleaned_command(["train.py", "--api-key", "f00", "--password=x", "-p", "token=f00", "--lr", "1"])
    ('train.py', '--api-key', '***', '--password=***', '-p', 'token=***', '--lr', '1')
    """
    shown: list[str] = []
    secret = False
    for argument in command:
        name, equals, _ = argument.partition("=")
        if secret and not argument.startswith("-"):
            shown.append(MARK)
        elif equals and is_secret_setting(name.lstrip("-")):
            shown.append(f"{name}={MARK}")
        else:
            shown.append(argument)
        secret = argument.startswith("-") and not equals and is_secret_setting(argument.lstrip("-"))
    return tuple(shown)
