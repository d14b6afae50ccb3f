"""Files whose bytes are those of an array: memory maps, and dumps by methods that no hook can see."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

from provkg.capture.file_states import FileState
from provkg.capture.fingerprints import is_telling
from provkg.capture.holders import Maps
from provkg.capture.values import Node, Tracker
from provkg.records import Digest, Evidence, Link

__all__ = ["links_of_raw_files"]


def links_of_raw_files(
    written: Iterable[FileState],
    maps: Maps,
    variables: Iterable[Any],
    tracker: Tracker,
    links: Iterable[Link],
) -> Iterator[Link]:
    """The links from files that were written, though by no activity, to the arrays whose bytes they hold.

    Parameters:
        variables: what variables hold.
        links: those known of the execution: what was read from a file was not written to it.
    """
    numpy = sys.modules.get("numpy")
    files = [state for state in written if not state.claimed and state.record and state.record.size]
    if numpy is None or not files:
        return
    arrays = {id(value): value for value in variables if isinstance(value, numpy.ndarray)}
    nodes = [(array, tracker.find(array)) for array in arrays.values()]
    recorded = [(array, node) for array, node in nodes if node is not None and node.id]
    for state in files:
        node, operation = tracker.find(maps.map_of(state.path, state)), "numpy.memmap"
        if node is None or not node.id:
            read = {link.target for link in links if link.source == state.id}
            candidates = [(array, node) for array, node in recorded if node.id not in read]
            node, operation = _dumped(state, candidates), "numpy.ndarray.tofile"
        if node is not None:
            yield Link(target=state.id, source=node.id, evidence=Evidence.OBSERVED, operation=operation)


def _dumped(state: FileState, arrays: list[tuple[Any, Node]]) -> Node | None:
    """The one array whose bytes a file holds, where that is no accident."""
    record = state.record
    if record is None or record.covers is not Digest.FULL:
        return None
    alike = [each for each in arrays if each[0].nbytes == record.size and not each[0].dtype.hasobject]
    same = [each for each in alike if sha256(each[0].tobytes()).hexdigest() == record.sha256]
    return same[0][1] if len(same) == 1 and is_telling(same[0][0]) else None
