"""Notebook files: read with clear errors, given parameters, written whole or not at all."""

from __future__ import annotations

import json
import math
import os
import shlex
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from provkg.errors import NotebookError
from provkg.identity import sha256
from provkg.records import Document, DocumentCell, Scalar

__all__ = [
    "document_of",
    "is_code",
    "notebook_bytes",
    "output_size",
    "read_notebook",
    "with_parameters",
    "write_notebook",
]

_PARAMETERS = "parameters"
_INJECTED = "injected-parameters"


def read_notebook(path: Path) -> tuple[NotebookNode, bytes]:
    """A notebook in the current format, and the bytes of its file.

    Older formats are converted in memory; cells without an id are named by their position, so that they
    have the same id whenever the notebook is run.

    Raises:
        NotebookError: there is no such file, or it is not a notebook.
    """
    name = os.fsencode(path).decode("utf-8", "backslashreplace")
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise NotebookError(f"There is no notebook {name}.", "Check the path.") from error
    except OSError as error:
        raise NotebookError(
            f"Cannot read {name}: {error.strerror}.", "Check the file's permissions."
        ) from error
    if not content.strip():
        raise NotebookError(f"{name} is empty.", "A notebook is a JSON file with a list of cells.")
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        where = (
            f", line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise NotebookError(
            f"{name} is not valid JSON{where}: {getattr(error, 'msg', error)}.",
            "Open it in Jupyter to repair it, or restore an earlier version.",
        ) from error
    if not isinstance(data, dict) or not isinstance(data.get("nbformat"), int):
        raise NotebookError(
            f"{name} is JSON but not a notebook: it has no nbformat number.", "Give an .ipynb file."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            notebook: NotebookNode = nbformat.reads(content.decode("utf-8"), as_version=4)
            _name_cells(notebook)
            _, notebook = nbformat.validator.normalize(notebook)
            nbformat.validate(notebook)
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise NotebookError(
            f"{name} is not a valid notebook (nbformat {data['nbformat']}): {reason}",
            "Open and save it in Jupyter to repair it.",
        ) from error
    return notebook, content


def _name_cells(notebook: NotebookNode) -> None:
    notebook.nbformat_minor = max(notebook.nbformat_minor, 5)
    for index, cell in enumerate(notebook.get("cells", [])):
        if not cell.get("id"):
            cell["id"] = f"cell-{index}"


def is_code(cell: NotebookNode) -> bool:
    """Whether a cell is executed: a code cell with some text."""
    return bool(cell.cell_type == "code" and cell.source.strip())


def with_parameters(
    notebook: NotebookNode, parameters: Mapping[str, Scalar], language: str = "python"
) -> NotebookNode:
    """The notebook with a cell that sets parameters behind the cell tagged ``parameters``.

    As papermill does: a cell injected before is replaced; without a tagged cell it comes first.

    Raises:
        NotebookError: it is not known how the language sets a variable.
    """
    if not parameters:
        return notebook
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    at = next((i + 1 for i, each in enumerate(tags) if _PARAMETERS in each), 0)
    source = "# Parameters\n" + "\n".join(assignment(n, v, language) for n, v in parameters.items())
    injected = nbformat.v4.new_code_cell(source, metadata={"tags": [_INJECTED]})
    kept = [(i, cell) for i, cell in enumerate(notebook.cells) if _INJECTED not in tags[i]]
    before = [cell for i, cell in kept if i < at]
    after = [cell for i, cell in kept if i >= at]
    notebook.cells = [*before, injected, *after]
    return notebook


def assignment(name: str, value: Scalar, language: str) -> str:
    r"""A statement that sets a variable.

    >>> assignment("a", True, "python"), assignment("a", True, "r"), assignment("a", None, "julia")
    ('a = True', 'a = TRUE', 'a = nothing')
    >>> assignment("a", float("inf"), "python"), assignment("a", "it's $5", "bash")
    ("a = float('inf')", 'a=\'it\'"\'"\'s $5\'')

    Raises:
        NotebookError: it is not known how the language does it.
    """
    if language == "python":
        is_number = isinstance(value, float) and not math.isfinite(value)
        return f"{name} = float('{value}')" if is_number else f"{name} = {value!r}"
    if language in ("bash", "sh", "zsh"):
        return f"{name}={shlex.quote('' if value is None else str(value))}"
    words = _WORDS.get(language)
    if words is None:
        raise NotebookError(
            f"Parameters cannot be set in the language {language!r}.", "Set them in the notebook itself."
        )
    if isinstance(value, str):
        # In Julia a dollar sign in a string begins an expression.
        text = json.dumps(value, ensure_ascii=False)
        return f"{name} = " + (text.replace("$", "\\$") if language == "julia" else text)
    return f"{name} = {words.get(str(value), str(value))}"


_WORDS = {
    "r": {"True": "TRUE", "False": "FALSE", "None": "NULL", "inf": "Inf", "-inf": "-Inf", "nan": "NaN"},
    "julia": {
        "True": "true", "False": "false", "None": "nothing", "inf": "Inf", "-inf": "-Inf", "nan": "NaN",
    },
}  # fmt: skip


def document_of(notebook: NotebookNode, digest: str = "") -> Document:
    """The notebook's cells in order, with the digests of their sources."""
    cells = tuple(
        DocumentCell(
            id=cell.get("id", ""),
            index=index,
            type=cell.cell_type,
            sha256=sha256(cell.source.encode("utf-8", "backslashreplace")),
        )
        for index, cell in enumerate(notebook.cells)
    )
    return Document(cells=cells, sha256=digest)


def notebook_bytes(notebook: NotebookNode) -> bytes:
    """The notebook as a file holds it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text: str = nbformat.writes(notebook, version=4)
    return text.encode("utf-8", "surrogatepass" if _has_surrogates(text) else "strict") + b"\n"


def output_size(notebook: NotebookNode) -> int:
    """About how many characters the outputs of a notebook have."""
    total = 0
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            texts = [output.get("text", ""), *output.get("data", {}).values()]
            total += sum(len(text) for text in texts if isinstance(text, str))
    return total


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def write_notebook(content: bytes, path: Path) -> None:
    """Write a notebook file whole: a fault half-way leaves what was there before.

    Raises:
        NotebookError: it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            draft.write_bytes(content)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise NotebookError(
            f"Cannot write the executed notebook to {path}: {error.strerror}.",
            "Choose another place with -o; the run itself is recorded.",
        ) from error


def title_of(notebook: NotebookNode) -> str:
    """The first heading of the notebook, where it has one."""
    for cell in notebook.cells[:5]:
        if cell.cell_type == "markdown":
            for line in cell.source.splitlines():
                if line.startswith("# "):
                    return str(line[2:].strip())[:200]
    return ""


def language_of(notebook: NotebookNode) -> str:
    """The programming language that the metadata names, in lower case."""
    metadata: Any = notebook.metadata
    language = metadata.get("kernelspec", {}).get("language") or metadata.get("language_info", {}).get("name")
    return str(language or "").lower()
