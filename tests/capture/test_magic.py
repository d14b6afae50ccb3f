"""`%load_ext provkg` and `%provkg` in a kernel that records itself: late, twice, off and on."""

from __future__ import annotations

from pathlib import Path

from provkg.records import ActivityKind, Status
from tests.capture.conftest import Recorded, StartKernel

FIT = "from sklearn.linear_model import LinearRegression as LR\nmodel = LR().fit(df[['a']], df.b)"


def write_table(folder: Path) -> None:
    (folder / "t.csv").write_text("a,b\n" + "\n".join(f"{i},{i % 7}" for i in range(60)))


def test_what_was_there_before_recording_is_found_and_not_claimed(
    kernels: StartKernel, tmp_path: Path
) -> None:
    write_table(tmp_path)
    kernel = kernels()
    kernel.run("import pandas as pd\ndf = pd.read_csv('t.csv')\nn = 1")
    # A cell that begins recording is recorded itself, if it does anything else.
    assert kernel.run(f"%load_ext provkg\n{FIT}").text == ""
    assert kernel.run("%load_ext provkg").ok
    kernel.run("import importlib, provkg\nimportlib.reload(provkg)")
    assert kernel.run("%reload_ext provkg").text == ""
    kernel.run("print(n)\np = model.predict(df[['a']])")
    kernel.shut_down()
    run = kernel.run_of()
    assert [execution.execution_count for execution in run.executions] == [2, 4, 6]
    seen = Recorded(run, tmp_path)
    found = [value for value in seen.values.values() if value.found]
    assert [value.names for value in found] == [("df",)]
    defined = {state.name: execution.order for execution in run.executions for state in execution.defines}
    assert defined.keys().isdisjoint({"df", "n"})
    reads = {read.name: read.definer for read in run.executions[-1].reads}
    assert (reads["n"], reads["df"], reads["model"]) == (0, 0, 1)
    [training] = seen.of_kind(ActivityKind.TRAINING)
    assert found[0].id in seen.sources(training.generated[0])


def test_what_is_done_while_recording_is_off_is_claimed_for_no_cell(
    kernels: StartKernel, tmp_path: Path
) -> None:
    write_table(tmp_path)
    kernel = kernels()
    kernel.run("%load_ext provkg")
    kernel.run(f"import pandas as pd\nimport numpy as np\ndf = pd.read_csv('t.csv')\n{FIT}")
    kernel.run("same = df.copy(); other = LR().fit(df[['a']], df.b); n = 1; text = 'a'\nx = np.arange(9.)")
    assert "off from the next cell" in kernel.run("%provkg off").text
    kernel.run("secret = 'hush'; n = 2; df['a'] = 0; x[:] = 7; same = same; other.fit(df[['a']], df.b)")
    assert "off since" in kernel.run("%provkg").text
    kernel.run("%provkg on")
    kernel.run(
        "print(n, text)\nfirst = model.predict(df[['a']]); second = other.predict(df[['a']])\n"
        "y = x + same.a[:9]"
    )
    kernel.shut_down()
    run = kernel.run_of()
    seen = Recorded(run, tmp_path)
    assert [execution.execution_count for execution in run.executions] == [2, 3, 8]
    assert "hush" not in next((kernel.home.journal_folder).iterdir()).read_text()
    last = run.executions[-1]
    assert [state.name for state in last.defines] == ["first", "second", "y"]
    definers = {read.name: read.definer for read in last.reads}
    # What is the same object with the same content is what it was; of the rest nothing is known.
    assert definers == {"n": 0, "text": 0, "df": 0, "x": 0, "same": 2, "model": 1, "other": 0}
    assert seen.held("first").id in seen.values
    trained = {training.generated[0] for training in seen.of_kind(ActivityKind.TRAINING)}
    assert trained & seen.sources(seen.held("first").id)
    assert not trained & seen.sources(seen.held("second").id)
    found = {value.names for value in last.values if value.found}
    assert found == {("df",), ("other",), ("x",)}
    assert all(value.revision_of for value in last.values if value.found)
    assert [notice.where for notice in last.notices] == ["pause"]


def test_the_magic_tells_of_the_record_and_stays_out_of_it(kernels: StartKernel, tmp_path: Path) -> None:
    write_table(tmp_path)
    (tmp_path / "t.csv").rename(tmp_path / "<i>t.csv")
    kernel = kernels()
    kernel.run("%load_ext provkg\nimport pandas as pd\ndf = pd.read_csv('<i>t.csv')")
    kernel.run(f"{FIT}\nprint('score')\nmodel.score(df[['a']], df.b)")
    shown = kernel.run("%provkg show")
    [bundle] = [content["data"] for content in shown.all_of("display_data")]
    assert {"text/plain", "text/html"} <= bundle.keys()
    for text in bundle.values():
        assert "t.csv" in text
        assert "LinearRegression" in text
    assert bundle["text/html"].startswith("<pre")
    assert "&lt;i&gt;t.csv" in bundle["text/html"]
    status = kernel.run("%provkg").text
    for line in ("recording  on", "cells      2", str(kernel.home.path)):
        assert line in status
    wrong = kernel.run("%provkg stats")
    assert "Did you mean %provkg status?" in wrong.text
    assert "Traceback" not in wrong.text
    kernel.run("q = 1\n%provkg show")
    assert (
        "Nothing is recorded" in kernel.run("%unload_ext provkg\nr = 2\n").text + kernel.run("%provkg").text
    )
    kernel.run("after = 1")
    assert "%reload_ext provkg" in kernel.run("%provkg off").text
    kernel.run("%reload_ext provkg")
    kernel.run("again = 1")
    kernel.shut_down()
    first, second = kernel.recorded()
    assert [execution.source.splitlines()[-1] for execution in first.executions] == [
        "df = pd.read_csv('<i>t.csv')",
        "model.score(df[['a']], df.b)",
        "%provkg show",
        "r = 2",
    ]
    assert first.executions[2].outputs == ()
    assert first.status is second.status is Status.SUCCEEDED
    assert [execution.source for execution in second.executions] == ["again = 1"]
    assert "rich" not in {package.name for e in first.executions[2:] for package in e.packages}


def test_a_home_that_cannot_be_had_is_said_where_it_is_asked_for(
    kernels: StartKernel, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file")
    kernel = kernels(PROVKG_HOME=str(tmp_path / "taken"))
    assert "does not record this session" in kernel.run("%load_ext provkg").text
    said = kernel.run("%provkg").text
    assert "Nothing is recorded: Cannot make the home" in said
    assert "--home or PROVKG_HOME" in said
    kernel.run("import os; del os.environ['PROVKG_HOME']\n%reload_ext provkg\nn = 1")
    kernel.shut_down()
    assert len(kernel.run_of().executions) == 1
