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
_TOKENS = (
    *((f"gh{kind}_", r"[A-Za-z0-9]{36,}") for kind in "pousr"),
    *(("github_pat_", r"\w{40,}"), ("glpat-", r"[\w-]{20,}"), ("hf_", r"[A-Za-z0-9]{30,}")),
    *(("sk-", r"[A-Za-z0-9_-]{32,}"), ("xox", r"[abeoprs]-[\w-]{10,}"), ("AIza", r"[\w-]{35}")),
    *(("AKIA", r"[0-9A-Z]{16}"), ("ASIA", r"[0-9A-Z]{16}")),
    ("eyJ", r"[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
)
"""How access tokens begin, and go on."""
_KEY = r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
_BEGINNINGS = (
    rb"J(?<=eyJ)",
    rb"I(?:(?<=AI)za|(?<=AKI)A|(?<=ASI)A)",
    rb"_(?:(?<=gh[pousr]_)|(?<=hf_)|(?<=github_pat_))",
    rb"-(?:(?<=sk-)|(?<=glpat-)|(?<=xox[abeoprs]-)|----BEGIN )",
)
"""What may begin a secret, by the character in it that most contents hold least of."""
_ADDRESS = r"://[^\s\"'<>\\`]+"
_PARTS = r"([?&;#])"
_LONGEST_USER = 18
"""A longer user name without a password is an access token."""
_ANY_CASE = (_SECRET, _SECRET_SETTING)
_IMAGES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8")
_ENDS = 4096
MARK = "***"
"""What stands in the place of a secret."""

_known: list[tuple[dict[Any, Any], list[str]]] = [({}, [])]
"""The environment that was looked at last, and the secrets in it."""
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
    # To read the variables takes longer than all the rest; in CPython they can be compared at once.
    variables = getattr(os.environ, "_data", None)
    if variables is None or variables != _known[0][0]:
        names = [name for name in os.environ if is_secret_name(name)]
        values = [value for name in names if _may_be_secret(value := os.environ.get(name, ""))]
        _known[0] = dict(variables or {}), sorted(values, key=len, reverse=True)
    return _known[0][1]


def _may_be_secret(value: str) -> bool:
    return len(value) >= _SHORTEST and value[0] != "/" and not value.isalpha()


def without_credentials(text: str) -> str:
    """A text without the credentials in it.

    >>> without_credentials("read_csv('https://ann:pw@example.org/a.csv?token=f00&part=2')")
    "read_csv('https://example.org/a.csv?token=***&part=2')"
    """
    for value in _secret_values():
        text = text.replace(value, MARK)
    if "://" in text:
        text = _pattern(_ADDRESS).sub(_clean_address, text)
    if "-----BEGIN " in text:
        text = _pattern(_KEY).sub(MARK, text)
    for begins, rest in _TOKENS:
        if begins in text:
            text = _token(begins, rest).sub(MARK, text)
    return text


@cache
def _token(begins: str, rest: str) -> re.Pattern[str]:
    # What must not stand before it is asked behind the literal, by which the engine finds candidates quickly.
    return re.compile(rf"{begins}(?<![\w-]{begins}){rest}")


def _clean_address(match: re.Match[str]) -> str:
    if "@" not in match[0] and "=" not in match[0]:
        return match[0]
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
    """Whether a content holds something that `without_credentials` takes out.

    Of a compressed image only its beginning and end are looked at, where texts are.
    """
    if content.startswith(_IMAGES) and len(content) > 2 * _ENDS:
        content = content[:_ENDS] + content[-_ENDS:]
    hinted = any(begun.search(content) for begun in _beginnings())
    hinted = hinted or any(value.encode() in content for value in _secret_values())
    if not hinted and b"://" not in content:
        return False
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # any text in what is no text is ASCII
    if hinted:
        return without_credentials(text) != text
    return any(_clean_address(found) != found[0] for found in _pattern(_ADDRESS).finditer(text))


@cache
def _beginnings() -> tuple[re.Pattern[bytes], ...]:
    return tuple(re.compile(text) for text in _BEGINNINGS)


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
