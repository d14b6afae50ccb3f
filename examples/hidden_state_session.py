"""Plays the interactive session that left `hidden_state.ipynb` behind, on a real kernel.

The analyst runs cells, mistypes, changes and runs again, steps back, deletes two cells, and saves. What
is written is the notebook as it then stood: its cells in document order, with the outputs and counts of
the last time each was run. Two of the variables it needs were set by cells that are gone.

    python hidden_state_session.py                         # rewrites hidden_state.ipynb
    python hidden_state_session.py --out again.ipynb --kernel python3 \
        --argument=--IPKernelApp.extra_extensions=some.module --env NAME=value

Each execution request carries the cell's id and the ids of deleted cells, as JupyterLab's do.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

import nbformat
from jupyter_client.manager import KernelManager
from nbformat import v4

FOLDER = Path(__file__).resolve().parent

TITLE = """\
# Can a penguin's sex be told from its measurements?

Field notes often lack the sex of a bird, for it takes a blood test. Perhaps a ruler and a scale will do.

Data: `data/penguins.csv` (CC0, see `README.md`)."""

IMPORTS = """\
import matplotlib.pyplot as plt
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler"""

LOAD = """\
penguins = pd.read_csv("data/penguins.csv").dropna()
len(penguins)"""

SELECT = """\
measurements = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
X = penguins[measurements].copy()
y = penguins["sex"]"""

COMPARE = """penguins.groupby("sex")[measurements].mean().round(1)"""
COMPARE_BY_SPECIES = """penguins.groupby(["species", "sex"])[measurements].mean().round(1)"""

FIT_SCALER = """scaler = StandardScaler().set_output(transform="pandas").fit(X)"""
SCALE = """X[measurements] = scaler.transform(X)"""

BOXES = """\
X.boxplot(grid=False, figsize=(7, 3))
plt.ylabel("standard deviations from the mean")
plt.show()"""

SPLIT = (
    """X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=1, stratify=y)"""
)
SPLIT_LESS = SPLIT.replace("test_size=0.3", "test_size=0.2")

TRAIN_MISTYPED = """model = LogisticRegresion().fit(X_train, y_train)"""
TRAIN = """model = LogisticRegression().fit(X_train, y_train)"""
TRAIN_STRONGER = """model = LogisticRegression(C=100).fit(X_train, y_train)"""

SCORE = """\
accuracy = accuracy_score(y_test, model.predict(X_test))
print(f"accuracy on {len(X_test)} test birds: {accuracy:.3f}")"""

NEW_BIRDS = """\
# Three birds measured this morning: two Adelie males and a Gentoo female.
new = pd.DataFrame([[40.6, 19.0, 193, 4050], [41.1, 19.1, 194, 4100], [45.7, 13.9, 214, 4650]], columns=measurements)
new["p_male"] = model.predict_proba(scaler.transform(new))[:, list(model.classes_).index("male")].round(2)
new"""

SURE = """sure = 0.8"""
UNSURE = """\
p = model.predict_proba(X_test).max(axis=1)
print(f"{(p < sure).sum()} of {len(p)} test birds are too close to call")"""

CONCLUSION = """\
**Conclusion.** Only three birds in four are told right, and more data to learn from did not help: a ruler and
a scale do not replace the blood test."""


@dataclass
class Session:
    """A notebook in an editor, joined to a kernel."""

    client: Any
    notebook: nbformat.NotebookNode = field(default_factory=v4.new_notebook)
    deleted: list[str] = field(default_factory=list)

    def markdown(self, cell_id: str, source: str) -> None:
        """Add a text cell at the end."""
        self.notebook.cells.append(v4.new_markdown_cell(source, id=cell_id))

    def write(self, cell_id: str, source: str, before: str = "") -> None:
        """Add a code cell at the end, or before another one."""
        cell = v4.new_code_cell(source, id=cell_id)
        place = self._place(before) if before else len(self.notebook.cells)
        self.notebook.cells.insert(place, cell)

    def edit(self, cell_id: str, source: str) -> None:
        """Change a cell's text; its outputs stay until it is run again."""
        self.notebook.cells[self._place(cell_id)].source = source

    def delete(self, cell_id: str) -> None:
        """Delete a cell; what it set lives on in the kernel."""
        del self.notebook.cells[self._place(cell_id)]
        self.deleted.append(cell_id)

    def run(self, *cell_ids: str) -> None:
        """Run cells one after the other, errors or not, keeping outputs and count."""
        for cell_id in cell_ids:
            self._execute(self.notebook.cells[self._place(cell_id)])

    def _place(self, cell_id: str) -> int:
        return next(place for place, cell in enumerate(self.notebook.cells) if cell.id == cell_id)

    def _execute(self, cell: nbformat.NotebookNode) -> None:
        content = {
            "code": cell.source,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        metadata = {"cellId": cell.id, "deletedCells": list(self.deleted), "recordTiming": False}
        request = self.client.session.msg("execute_request", content, metadata=metadata)
        self.client.shell_channel.send(request)
        cell.outputs = list(self._outputs(request["header"]["msg_id"]))
        cell.execution_count = self._reply(request["header"]["msg_id"])["execution_count"]

    def _outputs(self, request: str) -> list[nbformat.NotebookNode]:
        outputs: list[nbformat.NotebookNode] = []
        while True:
            message = self.client.get_iopub_msg(timeout=120)
            if message["parent_header"].get("msg_id") != request:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                return outputs
            if kind == "stream" and outputs and outputs[-1].get("name") == content["name"]:
                outputs[-1].text += content["text"]
            elif kind in ("stream", "display_data", "execute_result", "error"):
                outputs.append(v4.output_from_msg(message))

    def _reply(self, request: str) -> Mapping[str, Any]:
        while True:
            message = self.client.get_shell_msg(timeout=120)
            if message["parent_header"].get("msg_id") == request:
                reply: Mapping[str, Any] = message["content"]
                return reply


def play(session: Session) -> None:
    """What the analyst did, in order."""
    session.markdown("title", TITLE)
    session.write("imports", IMPORTS)
    session.write("load", LOAD)
    session.write("select", SELECT)
    session.write("compare", COMPARE)
    session.run("imports", "load", "select", "compare")
    session.write("fit-scaler", FIT_SCALER)
    session.write("scale", SCALE)
    session.write("boxes", BOXES)
    session.run("fit-scaler", "scale", "boxes")
    session.write("split", SPLIT)
    session.write("train", TRAIN_MISTYPED)
    session.run("split", "train")
    session.edit("train", TRAIN)
    session.write("score", SCORE)
    session.write("new-birds", NEW_BIRDS)
    session.run("train", "score", "new-birds")

    # Not content, the analyst goes up to `scale` and runs on from there with other settings. The frame
    # is scaled already; now it is scaled again, and the accuracy falls.
    session.edit("split", SPLIT_LESS)
    session.edit("train", TRAIN_STRONGER)
    session.run("scale", "split", "train", "score", "new-birds")

    session.write("sure", SURE)
    session.write("unsure", UNSURE)
    session.run("sure", "unsure")
    session.markdown("conclusion", CONCLUSION)

    # Tidying up before saving.
    session.delete("sure")
    session.delete("fit-scaler")
    session.edit("compare", COMPARE_BY_SPECIES)
    session.run("compare")


def record(
    out: Path,
    kernel: str = "python3",
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> nbformat.NotebookNode:
    """Play the session and write the notebook that it leaves.

    Parameters:
        out: where the notebook goes; the kernel is told this path as a Jupyter server would.
        kernel: name of an installed kernel specification; the notebook names the usual one all the same.
        arguments: further arguments of the kernel's command.
        environment: variables set for the kernel beside those of this process.
    """
    manager = KernelManager(kernel_name=kernel)
    variables = os.environ | {"JPY_SESSION_NAME": str(out)} | dict(environment or {})
    manager.start_kernel(extra_arguments=list(arguments), env=variables, cwd=str(FOLDER))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        session = Session(client)
        play(session)
        language = client.kernel_info(reply=True, timeout=60)["content"]["language_info"]
        name = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
        session.notebook.metadata.update(kernelspec=name, language_info=language)
        nbformat.validate(session.notebook)
        # Saved while the kernel lives, as one does.
        nbformat.write(session.notebook, out)
    except Empty:
        raise TimeoutError("the kernel does not answer") from None
    finally:
        client.stop_channels()
        # Asked politely, so that an extension can finish its work.
        manager.shutdown_kernel()
    return session.notebook


def main() -> None:
    """Read the command line and play the session."""
    parser = argparse.ArgumentParser(description="Play the session that left hidden_state.ipynb behind.")
    parser.add_argument("--out", type=Path, default=FOLDER / "hidden_state.ipynb")
    parser.add_argument("--kernel", default="python3", help="name of a kernel specification")
    parser.add_argument("--argument", action="append", default=[], help="argument for the kernel; repeatable")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help="repeatable")
    given = parser.parse_args()
    environment = dict(pair.split("=", 1) for pair in given.env)
    record(given.out.resolve(), given.kernel, given.argument, environment)


if __name__ == "__main__":
    main()
