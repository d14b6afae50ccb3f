"""Makes ``knowledge.json`` from ``knowledge.toml``: ``python -m provkg.analysis.compile_knowledge``."""

from __future__ import annotations

from pathlib import Path

import msgspec

from provkg.analysis.knowledge import KnowledgeFile

__all__ = ["compiled"]

_FOLDER = Path(__file__).parent


def compiled() -> bytes:
    """``knowledge.json`` as ``knowledge.toml`` would have it.

    Raises:
        msgspec.MsgspecError: ``knowledge.toml`` does not fit the schema.
    """
    file = msgspec.toml.decode((_FOLDER / "knowledge.toml").read_bytes(), type=KnowledgeFile)
    return msgspec.json.format(msgspec.json.encode(file), indent=1) + b"\n"


if __name__ == "__main__":
    (_FOLDER / "knowledge.json").write_bytes(compiled())
