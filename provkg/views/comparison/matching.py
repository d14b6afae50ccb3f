"""Which things of several runs are the same thing: keys first, from the strictest, then likeness of texts."""

from __future__ import annotations

import heapq
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from difflib import SequenceMatcher
from typing import TypeAlias, TypeVar

__all__ = ["Matcher", "Row", "align", "by_keys", "by_likeness", "moved"]

T = TypeVar("T")

Row: TypeAlias = tuple[T | None, ...]
"""One thing in all that are compared; None where one has no such thing."""

Pairs: TypeAlias = list[tuple[int, int]]
Matcher: TypeAlias = Callable[[Sequence[T], Sequence[T]], Pairs]
"""Pairs of positions in two sequences; each position at most once."""

_COMPARED_AT_MOST = 100_000
"""Pairs of texts that are looked at for likeness; more would take seconds."""
_CANDIDATES = 4
"""Texts with the most words in common that one is compared with word by word."""
_LONGEST = 8_000
"""Characters of a text that likeness is judged by."""
_WORD = re.compile(r"\w+")


def align(sides: Sequence[Sequence[T]], matcher: Matcher[T]) -> list[Row[T]]:
    """The things of all sides in rows: those of the first in their order, then what others add."""
    rows: list[list[T | None]] = [[one] for one in sides[0]]
    for number, things in enumerate(sides[1:], 1):
        known = [next(one for one in reversed(row) if one is not None) for row in rows]
        found = dict(matcher(known, things))
        for position, row in enumerate(rows):
            row.append(things[found[position]] if position in found else None)
        new = [one for position, one in enumerate(things) if position not in set(found.values())]
        rows += [[*[None] * number, one] for one in new]
    return [tuple(row) for row in rows]


def by_keys(*keys: Callable[[T], Hashable]) -> Matcher[T]:
    """Matches what has equal keys, in order; what one key leaves over, the next may match."""

    def match(first: Sequence[T], second: Sequence[T]) -> Pairs:
        pairs: Pairs = []
        left, right = list(range(len(first))), list(range(len(second)))
        for key in keys:
            waiting: dict[Hashable, list[int]] = defaultdict(list)
            for position in right:
                waiting[key(second[position])].append(position)
            new = [
                (position, waiting[found].pop(0))
                for position in left
                if waiting.get(found := key(first[position]))
            ]
            pairs += new
            taken = {a for a, _ in new}, {b for _, b in new}
            left = [position for position in left if position not in taken[0]]
            right = [position for position in right if position not in taken[1]]
        return pairs

    return match


def by_likeness(first: Sequence[str], second: Sequence[str], least: float) -> Pairs:
    """Pairs of texts that are alike by their words, the likest first; ``least`` is the ratio they need."""
    if len(first) * len(second) > _COMPARED_AT_MOST:
        return []
    ratios: list[tuple[float, int, int]] = []
    known = [_WORD.findall(text[:_LONGEST]) for text in first]
    counts = [Counter(words) for words in known]
    for b, text in enumerate(second):
        words = _WORD.findall(text[:_LONGEST])
        count = Counter(words)
        # No order of the same words can be more alike than the words are.
        shared = [(2 * (count & other).total(), a) for a, other in enumerate(counts)]
        bounds = ((same / (len(words) + len(known[a]) or 1), a) for same, a in shared)
        matcher = SequenceMatcher(None, [], words, autojunk=False)
        for bound, a in heapq.nlargest(_CANDIDATES, bounds):
            if bound < least:
                break
            matcher.set_seq1(known[a])
            if (ratio := matcher.ratio()) >= least:
                ratios.append((-ratio, a, b))
    pairs: Pairs = []
    taken: tuple[set[int], set[int]] = set(), set()
    for _, a, b in sorted(ratios):
        if a not in taken[0] and b not in taken[1]:
            pairs.append((a, b))
            taken[0].add(a)
            taken[1].add(b)
    return pairs


def moved(ranks: Sequence[int]) -> set[int]:
    """Positions of those that stand out of order: the fewest that must move to put a sequence in order.

    >>> moved([0, 3, 1, 2])
    {1}
    """
    ends: list[int] = []  # of the rising runs of each length the one that ends lowest, by its last position
    before: list[int] = []
    for position, rank in enumerate(ranks):
        length = bisect_left(ends, rank, key=lambda end: ranks[end])
        before.append(ends[length - 1] if length else -1)
        ends[length : length + 1] = [position]
    kept: set[int] = set()
    position = ends[-1] if ends else -1
    while position >= 0:
        kept.add(position)
        position = before[position]
    return set(range(len(ranks))) - kept
