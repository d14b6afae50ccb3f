"""Columns of texts for a digest: how long each is in UTF-8, then the bytes of all.

The same texts have the same digest whether Arrow or Python holds them, in however many chunks. Arrow's are
read from its memory, without making a Python object of each.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

__all__ = ["TYPES_OF_TEXTS", "add_arrow_texts", "add_texts", "arrow_texts_of"]

TYPES_OF_TEXTS = frozenset({"string", "large_string", "string_view", "binary", "large_binary", "binary_view"})
"""Arrow's types of texts and bytes, as it writes them."""
_BLOCK = 1 << 16
"""So many lengths are computed at once, to need little memory."""


class _Digest(Protocol):
    def update(self, data: Any, /) -> None:
        """Take further bytes."""


def arrow_texts_of(values: Any) -> Any:
    """The chunks of Arrow that hold a pandas column of texts; None for any other column."""
    chunks = getattr(values, "_pa_array", None)
    is_text = chunks is not None and str(getattr(chunks, "type", "")) in TYPES_OF_TEXTS
    return chunks if is_text and hasattr(chunks, "chunks") else None


def add_arrow_texts(state: _Digest, chunks: Sequence[Any]) -> None:
    """Add arrays of texts or bytes of pyarrow, one after the other; what is missing counts as empty."""
    parts = [_plain(chunk) for chunk in chunks]
    for part in parts:
        for offsets in _offsets(part):
            state.update((offsets[1:] - offsets[:-1]).astype("int64", copy=False).data)
    for part in parts:
        content = part.buffers()[2]
        for offsets in _offsets(part) if content is not None else ():
            state.update(memoryview(content)[int(offsets[0]) : int(offsets[-1])])


def _plain(array: Any) -> Any:
    """An array of texts or bytes with offsets, and nothing but empty texts in the place of missing ones."""
    if str(array.type).endswith("_view"):
        array = array.cast(sys.modules["pyarrow"].large_binary())
    if not array.null_count:
        return array
    return array.fill_null(b"" if "binary" in str(array.type) else "")  # Arrow does not say what stands there


def _offsets(array: Any) -> Iterator[Any]:
    """Where the texts of an array begin and end, block by block."""
    numpy = sys.modules["numpy"]
    place = array.buffers()[1]
    if place is None or not len(array):
        return
    kind = "int64" if str(array.type).startswith("large") else "int32"
    offsets = numpy.frombuffer(place, kind)[array.offset : array.offset + len(array) + 1]
    for begin in range(0, len(array), _BLOCK):
        yield offsets[begin : begin + _BLOCK + 1]


def add_texts(state: _Digest, texts: Sequence[str]) -> None:
    """Add texts that Python holds, as `add_arrow_texts` does."""
    numpy = sys.modules["numpy"]
    content = "".join(texts)
    encoded = content.encode("utf-8", "surrogatepass")
    if len(encoded) == len(content):
        lengths: Iterator[int] = map(len, texts)
    else:
        lengths = (len(text.encode("utf-8", "surrogatepass")) for text in texts)
    state.update(numpy.fromiter(lengths, "int64", len(texts)).data)
    state.update(encoded)
