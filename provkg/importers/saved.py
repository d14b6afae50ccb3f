"""A saved notebook as its file holds it: any version of the format, however odd, without running anything.

What the format's schema forbids is taken as far as it goes, because files from the wild break it in many
ways (nbformat 4.5, and 3.0 with its worksheets).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from provkg.errors import NotebookError

__all__ = [
    "Bundle",
    "SavedCell",
    "SavedNotebook",
    "SavedOutput",
    "count_of",
    "decoded",
    "notebook_of",
    "read_saved",
    "text_of",
]

Metadata: TypeAlias = Mapping[str, Any]
Bundle: TypeAlias = Mapping[str, Any]
"""The representations of one output by media type."""

_KINDS = {"pyout": "execute_result", "pyerr": "error"}
_MEDIA = {
    "text": "text/plain",
    "html": "text/html",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "latex": "text/latex",
    "json": "application/json",
    "javascript": "application/javascript",
    "pdf": "application/pdf",
}
"""What nbformat 3 and earlier call media types."""


class SavedOutput(msgspec.Struct, frozen=True):
    """One output: ``stream``, ``display_data``, ``execute_result`` or ``error``.

    ``name`` is the stream's or the error's; ``text`` what was printed, or the error's message.
    """

    kind: str
    name: str = ""
    text: str = ""
    data: Bundle = {}
    traceback: tuple[str, ...] = ()
    execution_count: int | None = None


class SavedCell(msgspec.Struct, frozen=True):
    """One cell, with its position from 0 and the tags and other metadata it has."""

    index: int
    kind: str
    source: str
    id: str = ""
    execution_count: int | None = None
    outputs: tuple[SavedOutput, ...] = ()
    tags: tuple[str, ...] = ()
    metadata: Metadata = {}


class SavedNotebook(msgspec.Struct, frozen=True):
    """A notebook's cells in order, its metadata, and the version of the format that the file is in.

    It is not ``whole`` where the file holds a record of the notebook alone.
    """

    cells: tuple[SavedCell, ...]
    metadata: Metadata = {}
    version: int = 4
    whole: bool = True

    @property
    def code_cells(self) -> tuple[SavedCell, ...]:
        """The cells with code."""
        return tuple(cell for cell in self.cells if cell.kind == "code")

    @property
    def language(self) -> str:
        """The programming language in lower case; Python where a notebook says nothing."""
        named = section(self.metadata, "language_info").get("name")
        named = named or section(self.metadata, "kernelspec").get("language") or self.metadata.get("language")
        named = named or section(self.metadata, "kernelspec").get("name") or "python"
        word = str(named).lower()
        return "python" if word.startswith(("python", "ipython", "conda")) else word


def read_saved(content: bytes) -> SavedNotebook:
    """The notebook that the bytes of a file hold.

    Raises:
        NotebookError: they hold none; the message says why in a few words.
    """
    return notebook_of(decoded(content))


def notebook_of(data: Any) -> SavedNotebook:
    """The notebook that the JSON of a file holds.

    Raises:
        NotebookError: it holds none; the message says why in a few words.
    """
    version = data.get("nbformat") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(version, int):
        raise NotebookError("JSON, but not a notebook: it has no nbformat number")
    if not 1 <= version <= 4:
        raise NotebookError(f"nbformat {version} is not known")
    cells = list(_old_cells(data)) if version < 4 else data.get("cells")
    if not isinstance(cells, list):
        raise NotebookError("JSON, but not a notebook: it has no list of cells")
    read = _cell_of_today if version == 4 else _cell_of_before
    return SavedNotebook(
        cells=tuple(read(index, cell) for index, cell in enumerate(cells) if isinstance(cell, dict)),
        metadata=section(data, "metadata"),
        version=version,
    )


def decoded(content: bytes) -> Any:
    """The JSON in the bytes of a file.

    Raises:
        NotebookError: it is none; the message says why in a few words.
    """
    if not content or content.isspace():
        raise NotebookError("the file is empty")
    try:
        return msgspec.json.decode(content)
    except RecursionError as error:
        raise NotebookError("nested too deeply") from error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    # Python's own reader takes what JSON forbids and notebooks hold: NaN, half a surrogate pair, a BOM.
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NotebookError(f"not valid JSON: {error.msg} ({where})") from error
    except RecursionError as error:
        raise NotebookError("nested too deeply") from error
    except (UnicodeDecodeError, ValueError) as error:
        raise NotebookError(f"not valid JSON: {error}") from error


def section(metadata: Metadata, name: str) -> Metadata:
    """A part of metadata that should be an object; empty where it is anything else."""
    found = metadata.get(name)
    return found if isinstance(found, dict) else {}


def text_of(value: Any) -> str:
    """Multi-line text, which the format has as one string or as a list of lines."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return ""
    try:
        return "".join(value)
    except TypeError:
        return "".join(part for part in value if isinstance(part, str))


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def count_of(value: Any) -> int | None:
    """A kernel's count of executions, which begins with 1; Colab writes 0 for none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53 else None


def _listed(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _cell_of_today(index: int, cell: dict[str, Any]) -> SavedCell:
    metadata, kind = section(cell, "metadata"), _word(cell.get("cell_type"))
    tags = metadata.get("tags")
    return SavedCell(
        index=index,
        kind=kind,
        source=text_of(cell.get("source")),
        id=_word(cell.get("id")) or _word(metadata.get("id")),
        execution_count=count_of(cell.get("execution_count")) if kind == "code" else None,
        outputs=tuple(map(output_of, _listed(cell.get("outputs")))) if kind == "code" else (),
        tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        metadata=metadata,
    )


def output_of(output: dict[str, Any]) -> SavedOutput:
    """One output as nbformat 4 has it."""
    kind = _word(output.get("output_type"))
    if kind == "stream":
        return SavedOutput(kind, name=_word(output.get("name")) or "stdout", text=text_of(output.get("text")))
    if kind == "error":
        return _error(output)
    data = output.get("data")
    return SavedOutput(
        kind or "display_data",
        data=data if isinstance(data, dict) else {},
        execution_count=count_of(output.get("execution_count")),
    )


def _error(output: dict[str, Any]) -> SavedOutput:
    lines = output.get("traceback")
    return SavedOutput(
        "error",
        name=_word(output.get("ename")),
        text=_word(output.get("evalue")),
        traceback=tuple(map(str, lines)) if isinstance(lines, list) else (),
    )


def _old_cells(data: dict[str, Any]) -> Iterator[Any]:
    for sheet in _listed(data.get("worksheets")) or [data]:
        cells = sheet.get("cells")
        yield from cells if isinstance(cells, list) else ()


def _cell_of_before(index: int, cell: dict[str, Any]) -> SavedCell:
    kind = _word(cell.get("cell_type"))
    if kind == "code":
        return SavedCell(
            index=index,
            kind=kind,
            source=text_of(cell.get("input") or cell.get("source")),
            execution_count=count_of(cell.get("prompt_number")),
            outputs=tuple(map(_output_of_before, _listed(cell.get("outputs")))),
            metadata=section(cell, "metadata"),
        )
    level = count_of(cell.get("level")) or 1
    source = text_of(cell.get("source"))
    heading = kind == "heading"
    return SavedCell(
        index=index,
        kind="markdown" if heading else kind,
        source=f"{'#' * min(level, 6)} {source}" if heading else source,
        metadata=section(cell, "metadata"),
    )


def _output_of_before(output: dict[str, Any]) -> SavedOutput:
    kind = _word(output.get("output_type"))
    kind = _KINDS.get(kind, kind)
    if kind == "stream":
        return SavedOutput(
            kind, name=_word(output.get("stream")) or "stdout", text=text_of(output.get("text"))
        )
    if kind == "error":
        return _error(output)
    data = {_MEDIA.get(name, name): text_of(value) for name, value in output.items() if name in _MEDIA}
    return SavedOutput(
        kind or "display_data", data=data, execution_count=count_of(output.get("prompt_number"))
    )
