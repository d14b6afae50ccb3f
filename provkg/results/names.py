"""Short forms of IRIs for people to read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DIGITS", "ShortNames"]

DIGITS = 8
"""How many characters of a run's identifier people are shown; any unique prefix names a run."""

_RUN = re.compile(r"run/([0-9a-f]{8})[0-9a-f-]*(/.*)?")
_DIGEST = re.compile(r"(?:sha256|environment|setting-value)/([0-9a-f]{8})[0-9a-f]*")
_KINDS = ("value", "file", "activity", "result", "output")


@dataclass(frozen=True, slots=True)
class ShortNames:
    """The prefixes and the base that short forms are made with.

    A thing of a run loses its kind where its own identifier tells it: ``1f0c9a3e/7.2`` is a value,
    ``1f0c9a3e/f3`` a file. `provkg.queries.resolve` reads these forms back.
    """

    base: str
    prefixes: Mapping[str, str] = field(default_factory=dict)

    def short(self, iri: str) -> str:
        """The short form of an IRI, or the IRI itself where there is none.

        >>> names = ShortNames("https://example.org/", {"prov": "http://www.w3.org/ns/prov#"})
        >>> names.short("http://www.w3.org/ns/prov#used")
        'prov:used'
        >>> names.short("https://example.org/run/1f0c9a3e-7f43-4f6d-8c58-6b7d1a2e9c11/value/7.2")
        '1f0c9a3e/7.2'
        """
        if self.base and iri.startswith(self.base):
            return _relative(iri.removeprefix(self.base))
        fitting = [(uri, name) for name, uri in self.prefixes.items() if iri.startswith(uri)]
        if not fitting:
            return iri
        uri, name = max(fitting, key=lambda pair: len(pair[0]))
        local = iri.removeprefix(uri)
        return f"{name}:{local}" if re.fullmatch(r"[\w.-]*", local) else iri


def _relative(path: str) -> str:
    run = _RUN.fullmatch(path)
    if run:
        kind, _, local = (run[2] or "").lstrip("/").partition("/")
        if kind in _KINDS and local:
            return f"{run[1]}/{local}"
        return run[1] + (run[2] or "")
    digest = _DIGEST.fullmatch(path)
    if digest:
        return path[: digest.end(1)]
    return path
