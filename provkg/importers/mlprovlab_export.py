"""The file that MLProvLab exports (``MLPovLabExport.json``): its record of a notebook, without the notebook.

It holds the same epochs under other names, and neither what became of an execution nor the document.
"""

from __future__ import annotations

from typing import Any

from provkg.importers.saved import Metadata, SavedNotebook

__all__ = ["exported", "is_export"]

_EXECUTION = {
    "cell_id": "cell_id",
    "code": "cell_source",
    "outputs": "cell_outputs",
    "execution_count": "execution_count",
    "used_data": "data_values",
    "definition_info": "local_info",
    "time": "time",
}
"""What of an execution is read, by the name it has in the export, and in the notebook."""


def is_export(data: Any) -> bool:
    """Whether the JSON of a file is such an export."""
    return isinstance(data, dict) and "nbformat" not in data and {"used_data", "epochs"} <= data.keys()


def exported(data: Metadata) -> SavedNotebook:
    """A notebook of which nothing is left but what MLProvLab recorded in it."""
    epochs = data["epochs"]
    listed = isinstance(epochs, list)
    record = {
        "epochs": [_epoch(one) if isinstance(one, dict) else one for one in epochs] if listed else epochs
    }
    return SavedNotebook(cells=(), metadata={"provenance": record}, whole=False)


def _epoch(epoch: Metadata) -> Metadata:
    executions = epoch.get("execution_data")
    return {
        "environment": {
            "time": epoch.get("kernel_start_time"),
            "user_agent": epoch.get("user_agent"),
            "kernel": {"implementation": epoch.get("kernel"), "version": epoch.get("kernel_version")},
            "language_info": {"name": epoch.get("language"), "version": epoch.get("language_version")},
        },
        "modules": epoch.get("modules"),
        "data": [
            {ours: one.get(theirs) for theirs, ours in _EXECUTION.items()} if isinstance(one, dict) else one
            for one in executions
        ]
        if isinstance(executions, list)
        else executions,
    }
