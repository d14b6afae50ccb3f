"""The tokens of a SPARQL text: enough to see its prefixes and keywords, and where an error stands.

The engine's parser is the judge of a query; this reading is for what has to be known before the query
reaches it (SPARQL 1.1 section 19.8, with the signs that SPARQL 1.2 adds).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Kind", "Token", "tokenize"]


class Kind(StrEnum):
    """What a token is."""

    IRI = "iri"
    NAME = "name"
    """A prefixed name, or the prefix with its colon alone."""
    VARIABLE = "variable"
    STRING = "string"
    NUMBER = "number"
    LANGUAGE = "language"
    BLANK = "blank"
    WORD = "word"
    """A keyword or the name of a built-in function."""
    SIGN = "sign"
    UNKNOWN = "unknown"
    """A character that begins no token."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token, and where it stands in the text: offsets from 0, ``end`` excluded."""

    kind: Kind
    text: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Whether this is one of the keywords, in any case of letters."""
        return self.kind is Kind.WORD and self.text.upper() in words


_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NAME = rf"{_BASE}_0-9\u00b7\u0300-\u036f\u203f-\u2040"
_CHARS = rf"{_NAME}\-"
_ESCAPE = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
_PREFIX = rf"(?:[{_BASE}](?:[{_CHARS}.]*[{_CHARS}])?)?"
_LOCAL = rf"(?:(?:[{_BASE}_:0-9]|{_ESCAPE})(?:(?:[{_CHARS}.:]|{_ESCAPE})*(?:[{_CHARS}:]|{_ESCAPE}))?)?"

_TOKEN = re.compile(
    "|".join(
        (
            r"(?P<space>[\s\ufeff]+|\#[^\r\n]*)",
            r"""(?P<string>'''(?:'{0,2}(?:[^'\\]|\\.))*'''|\"""(?:"{0,2}(?:[^"\\]|\\.))*\"""|'(?:[^'\\\r\n]|\\.)*'|"(?:[^"\\\r\n]|\\.)*")""",
            r"(?P<iri><[^<>\"{}|^`\x00-\x20]*>)",
            rf"(?P<blank>_:[{_BASE}_0-9](?:[{_CHARS}.]*[{_CHARS}])?)",
            rf"(?P<name>{_PREFIX}:{_LOCAL})",
            rf"(?P<variable>[?$][{_BASE}_0-9][{_NAME}]*)",
            r"(?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*(?:--[A-Za-z]+)?)",
            r"(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][+-]?[0-9]+|[0-9]*\.[0-9]+|[0-9]+)",
            r"(?P<word>[A-Za-z][A-Za-z0-9_]*)",
            r"(?P<sign><<\(|\)>>|<<|>>|\{\||\|\}|\^\^|\|\||&&|!=|<=|>=|[{}()\[\].,;|/^?*+!=<>\-~])",
            r"(?P<unknown>.)",
        )
    ),
    re.DOTALL,
)


def tokenize(text: str) -> Iterator[Token]:
    """The tokens of ``text`` without white space and comments.

    >>> [token.text for token in tokenize('SELECT ?x { ?x prov:used "a }" } # end')]
    ['SELECT', '?x', '{', '?x', 'prov:used', '"a }"', '}']
    """
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind is not None and kind != "space":
            yield Token(Kind(kind), match.group(), match.start(), match.end())
