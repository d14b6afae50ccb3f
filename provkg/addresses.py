"""Addresses on the network as the record may name them: without credentials."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import SplitResult, urlsplit

from provkg.confidential import is_secret_name, without_credentials

__all__ = ["clean_url", "named_url"]

_LONGEST = 4096
_SIGNED = ("signature", "sig", "hmac", "policy")
_LOCAL = frozenset({"file", "data", "jupyter", "memoryview"})


def named_url(target: Any) -> str:
    """The address that an argument names, as it may be recorded; empty for anything else."""
    if type(target) not in (str, bytes) or not 0 < len(target) <= _LONGEST:
        return ""
    text = os.fsdecode(target)
    return clean_url(text) if "://" in text and "\n" not in text else ""


def clean_url(text: str) -> str:
    """An address without user, password, fragment and secret parameters; without any where it is signed.

    >>> clean_url("https://ann:pw@example.org/a.csv?part=2&token=f00#end")
    'https://example.org/a.csv?part=2'
    >>> clean_url("https://store.example/a.csv?X-Amz-Date=2026&X-Amz-Signature=f00")
    'https://store.example/a.csv'
    """
    try:
        address = urlsplit(text)
    except ValueError:
        return ""
    if not address.scheme or address.scheme.lower() in _LOCAL:
        return ""
    host = address.netloc.rpartition("@")[2]
    shown = SplitResult(address.scheme, host, address.path, _public(address.query), "").geturl()
    return without_credentials(shown)


def _public(query: str) -> str:
    """The parameters of an address that are no secrets."""
    parts = [part for part in query.split("&") if part]
    names = [part.partition("=")[0].lower() for part in parts]
    if any(name.endswith(_SIGNED) for name in names):
        return ""
    return "&".join(
        part
        for part, name in zip(parts, names, strict=True)
        if name != "key" and not is_secret_name(name) and without_credentials(part) == part
    )
