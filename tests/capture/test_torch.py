"""Training loops of torch, with no change of code: what they learn from, how, and what comes of it.

Torch is large: these tests belong to the optional job.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from provkg.records import Activity, ActivityKind, Evidence, Result, Role, Scalar, SeriesBy, SplitRole, Status
from tests.capture.conftest import Execute, Live, Recorded

pytestmark = [
    pytest.mark.large,
    pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed"),
]

START = """import torch, numpy as np, pandas as pd
from torch import nn
from torch.utils.data import DataLoader, Dataset, SubsetRandomSampler, TensorDataset, random_split
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
torch.manual_seed(7)
df = pd.read_csv('a.csv')
X_train, X_test, y_train, y_test = train_test_split(df.drop(columns='y'), df.y, random_state=0)
Xt, yt = torch.tensor(X_train.values, dtype=torch.float32), torch.from_numpy(y_train.to_numpy().copy())
Xv = torch.as_tensor(X_test.values).float()
def net():
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
"""
LOOP = """for epoch in range(3):
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
"""


@pytest.fixture(autouse=True)
def table(tmp_path: Path) -> None:
    rows = [",".join(str((i * k) % 17 / 7) for k in (3, 5, 7, 11)) + f",{i % 2}" for i in range(160)]
    (tmp_path / "a.csv").write_text("a,b,c,d,y\n" + "\n".join(rows) + "\n")


def settings(activity: Activity) -> dict[str, Scalar]:
    return {setting.name: setting.value for setting in activity.settings}


def used(activity: Activity, role: Role) -> list[tuple[str, Evidence]]:
    return [(use.entity, use.evidence) for use in activity.used if use.role is role]


def results(activity: Activity, metric: str) -> list[Result]:
    return [result for result in activity.results if result.metric == metric]


def trainings(seen: Recorded) -> list[Activity]:
    return seen.of_kind(ActivityKind.TRAINING)


def test_a_loop_is_one_training_with_its_data_settings_losses_and_one_new_version(execute: Execute) -> None:
    seen = execute(
        START,
        "model = net()\ncriterion = nn.CrossEntropyLoss(label_smoothing=0.1)\n"
        "loader = DataLoader(TensorDataset(Xt, yt), batch_size=20, shuffle=True)\n"
        "optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)",
        LOOP,
        "model.eval()\nwith torch.no_grad():\n    predicted = model(Xv).argmax(1).numpy()\n"
        "accuracy_score(y_test, predicted)",
        LOOP,
        "with torch.inference_mode():\n    again = model(Xv)\naccuracy_score(y_test, again.argmax(dim=1))",
    )
    assert seen.notices == []
    first, second = trainings(seen)
    assert (first.function, first.implementation, first.package) == (
        "torch.optim.AdamW.step",
        "torch.nn.Sequential",
        "torch",
    )
    assert used(first, Role.DATA) == [(seen.held("Xt").id, Evidence.OBSERVED)]
    assert used(first, Role.TARGET) == [(seen.held("yt").id, Evidence.OBSERVED)]
    assert first.generated == (seen.held("model", 3).id,)
    assert second.generated == (seen.held("model", 5).id,)
    assert [seen.held("model", order).version for order in (2, 3, 5)] == [1, 2, 3]
    assert seen.held("model", 5).revision_of == first.generated[0]
    assert seen.came_from("model", evidence="observed") == {"a.csv"}
    assert seen.held("Xv").id not in seen.sources(seen.held("model").id)
    told = settings(first)
    assert told["optimizer"] == "torch.optim.AdamW"
    assert (told["lr"], told["betas"], told["weight_decay"]) == (0.01, "(0.9, 0.999)", 0.01)
    assert (told["loss"], told["loss__label_smoothing"]) == ("torch.nn.CrossEntropyLoss", 0.1)
    assert (told["batch_size"], told["shuffle"], told["epochs"], told["steps"]) == (20, True, 3, 18)
    assert (told["parameters"], told["device"], told["dtype"]) == (58, "cpu", "float32")
    assert str(told["architecture"]).startswith("Sequential(\n  (0): Linear(in_features=4, out_features=8")
    explicit = {setting.name for setting in first.settings if setting.explicit}
    assert {"lr", "loss__label_smoothing", "batch_size", "shuffle"} <= explicit
    assert explicit.isdisjoint({"betas", "drop_last", "amsgrad"})
    [epochs], [steps] = results(first, "loss"), results(first, "step_loss")
    assert (len(epochs.series), epochs.series_by, epochs.role) == (3, SeriesBy.EPOCH, SplitRole.TRAINING)
    assert (len(steps.series), steps.series_by, steps.value) == (18, SeriesBy.STEP, None)
    assert epochs.value == pytest.approx(sum(filter(None, steps.series[-6:])) / 6)
    assert (epochs.model, epochs.data) == (first.generated[0], (seen.held("Xt").id,))
    assert not first.unseeded
    measured = [result for result in seen.results if result.metric == "accuracy"]
    assert [result.model for result in measured] == [first.generated[0], second.generated[0]]
    assert {result.data for result in measured} == {(seen.held("Xv").id,)}
    assert {(result.role, result.evidence) for result in measured} == {(SplitRole.TEST, Evidence.OBSERVED)}


def test_full_batches_cut_batches_and_functions_for_losses_are_understood(execute: Execute) -> None:
    seen = execute(
        START.replace("torch.manual_seed(7)\n", ""),
        "class Net(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.inner = net()\n"
        "        self.drop = nn.Dropout(0.2)\n"
        "    def forward(self, x):\n        return self.drop(self.inner(x))\n"
        "model = Net()\noptimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)\n"
        "schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)\n"
        "for step in range(25):\n"
        "    optimizer.zero_grad()\n    loss = nn.functional.cross_entropy(model(Xt), yt)\n"
        "    loss.backward()\n    optimizer.step()\n    schedule.step()\n"
        "print(accuracy_score(y_test, model(Xv).argmax(1)))",
        "for step in range(3):\n    order = torch.randperm(len(Xt))\n"
        "    for start in range(0, len(Xt), 40):\n"
        "        xb, yb = Xt[order[start:start + 40]], yt[order[start:start + 40]]\n"
        "        optimizer.zero_grad()\n        loss = nn.functional.nll_loss(model(xb), yb)\n"
        "        loss.backward()\n        optimizer.step()",
        "for start in range(0, len(Xt), 60):\n    optimizer.zero_grad()\n"
        "    nn.functional.cross_entropy(model(Xt[start:start + 60]), yt[start:start + 60]).backward()\n"
        "    optimizer.step()",
    )
    assert seen.notices == []
    whole, drawn, cut = trainings(seen)
    told = settings(whole)
    assert (told["loss"], told["epochs"], told["steps"], told["batch_size"]) == ("cross_entropy", 25, 25, 120)
    assert (told["scheduler"], told["scheduler__step_size"]) == ("torch.optim.lr_scheduler.StepLR", 10)
    assert (told["lr"], told["lr_at_end"]) == (0.1, 0.025)
    assert (told["momentum"], whole.implementation) == (0.9, "__main__.Net")
    [loss] = whole.results
    assert (len(loss.series), loss.series_by, loss.value) == (25, SeriesBy.STEP, loss.series[-1])
    assert whole.unseeded
    [measured] = [result for result in seen.results if result.metric == "accuracy"]
    assert (measured.model, measured.role) == (whole.generated[0], SplitRole.TEST)
    assert used(drawn, Role.DATA) == [(seen.held("Xt").id, Evidence.INFERRED)]
    assert used(drawn, Role.TARGET) == [(seen.held("yt").id, Evidence.INFERRED)]
    assert (settings(drawn)["loss"], settings(drawn)["batch_size"]) == ("nll_loss", 40)
    assert "epochs" not in settings(drawn)
    assert drawn.results[0].evidence is Evidence.INFERRED
    assert used(cut, Role.DATA) == [(seen.held("Xt").id, Evidence.OBSERVED)]
    assert used(cut, Role.TARGET) == [(seen.held("yt").id, Evidence.OBSERVED)]


LIBRARY = """
import torch
def train(model, loader, epochs, validation):
    optimizer = torch.optim.Adam(model.parameters())
    criterion = torch.nn.CrossEntropyLoss()
    told = []
    for epoch in range(epochs):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
        model.eval()
        total = 0
        with torch.no_grad():
            for x, y in validation:
                total += criterion(model(x), y).item()
        told.append(total / len(validation))
    return told
"""


def test_loops_in_modules_data_sets_of_users_and_validation_are_followed(
    execute: Execute, tmp_path: Path
) -> None:
    (tmp_path / "library.py").write_text(LIBRARY)
    seen = execute(
        START + "import library",
        "class Rows(Dataset):\n"
        "    def __init__(self, path):\n        self.frame = pd.read_csv(path)\n"
        "    def __len__(self):\n        return len(self.frame)\n"
        "    def __getitem__(self, i):\n        row = self.frame.iloc[i]\n"
        "        return torch.tensor(row.values[:4], dtype=torch.float32), int(row.y)\n"
        "rows = Rows('a.csv')\n"
        "part, rest = random_split(rows, [120, 40], generator=torch.Generator().manual_seed(1))\n"
        "model = net()",
        "told = library.train(model, DataLoader(part, 30, shuffle=True), 3, DataLoader(rest, 20))\n"
        "print(told)",
        "model.eval()\npredicted, truth = [], []\nwith torch.no_grad():\n"
        "    for x, y in DataLoader(rest, batch_size=10):\n"
        "        predicted.append(model(x).argmax(1))\n        truth.append(y)\n"
        "accuracy_score(torch.cat(truth), torch.cat(predicted))",
        "half = SubsetRandomSampler(range(80))\nfor x, y in DataLoader(rows, 20, sampler=half):\n    pass\n"
        "model.train(); optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        "for x, y in DataLoader(rows, 20, sampler=half):\n    optimizer.zero_grad()\n"
        "    nn.functional.cross_entropy(model(x), y).backward()\n    optimizer.step()",
    )
    assert seen.notices == []
    [splitting] = [each for each in seen.of_kind(ActivityKind.SPLITTING) if "random_split" in each.function]
    assert settings(splitting) == {"lengths": "[120, 40]", "seed": 1}
    assert set(splitting.generated) == {seen.held("part").id, seen.held("rest").id}
    assert (seen.held("part").shape, seen.held("part").role) == ((120,), None)
    assert seen.came_from("part", evidence="observed") == {"a.csv"}
    first, sampled = trainings(seen)
    assert used(first, Role.DATA) == [(seen.held("part").id, Evidence.OBSERVED)]
    assert (settings(first)["epochs"], settings(first)["batch_size"]) == (3, 30)
    learnt, validated = results(first, "loss")
    assert (learnt.role, validated.role) == (SplitRole.TRAINING, SplitRole.VALIDATION)
    assert validated.data == (seen.held("rest").id,)
    printed = [float(each) for each in seen.run.executions[2].outputs[0].text.strip("[]\n").split(",")]
    assert validated.series == pytest.approx(printed)
    [accuracy] = [result for result in seen.results if result.metric == "accuracy"]
    assert (accuracy.model, accuracy.data) == (first.generated[0], (seen.held("rest").id,))
    assert accuracy.evidence is Evidence.INFERRED
    [(data, evidence)] = used(sampled, Role.DATA)
    assert (seen.values[data].type, evidence) == ("torch.utils.data.SubsetRandomSampler", Evidence.OBSERVED)
    assert seen.held("rows").id in seen.sources(data)
    assert (settings(sampled)["sampler"], settings(sampled)["epochs"]) == ("SubsetRandomSampler", 1)


def test_several_models_optimizers_and_ways_to_step_are_told_apart(execute: Execute) -> None:
    seen = execute(
        START,
        "make, judge = nn.Linear(2, 4), nn.Linear(4, 1)\n"
        "to_make = torch.optim.Adam(make.parameters())\n"
        "to_judge = torch.optim.Adam(judge.parameters(), lr=0.5)\n"
        "criterion = nn.BCEWithLogitsLoss()\n"
        "for epoch in range(2):\n    for (real,) in DataLoader(TensorDataset(Xt), batch_size=40):\n"
        "        to_judge.zero_grad()\n"
        "        criterion(judge(real), torch.ones(len(real), 1)).backward()\n"
        "        fake = make(torch.randn(len(real), 2))\n"
        "        criterion(judge(fake.detach()), torch.zeros(len(real), 1)).backward()\n"
        "        to_judge.step()\n        to_make.zero_grad()\n"
        "        criterion(judge(fake), torch.ones(len(real), 1)).backward()\n        to_make.step()",
        "model = net()\noptimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        "loader = DataLoader(TensorDataset(Xt, yt), batch_size=20)\n"
        "for rank, (xb, yb) in enumerate(loader):\n"
        "    (nn.functional.cross_entropy(model(xb), yb) / 2).backward()\n"
        "    if rank % 2:\n        optimizer.step()\n        optimizer.zero_grad()",
        "scaler = torch.amp.GradScaler('cpu')\nfor xb, yb in loader:\n    optimizer.zero_grad()\n"
        "    with torch.autocast('cpu', dtype=torch.bfloat16):\n"
        "        loss = nn.functional.cross_entropy(model(xb), yb)\n"
        "    scaler.scale(loss).backward()\n    scaler.step(optimizer)\n    scaler.update()\n"
        "print(float(loss))",
        "head, tail = nn.Linear(4, 3), nn.Linear(3, 2)\n"
        "one, other = (torch.optim.SGD(part.parameters(), lr=0.1) for part in (head, tail))\n"
        "nn.functional.cross_entropy(tail(head(Xt)), yt).backward()\none.step()\nother.step()",
        "last = nn.Linear(4, 2)\nsolver = torch.optim.LBFGS(last.parameters(), max_iter=3)\n"
        "def closure():\n    solver.zero_grad()\n    loss = nn.functional.cross_entropy(last(Xt), yt)\n"
        "    loss.backward()\n    return loss\nfor step in range(2):\n    solver.step(closure)",
        "XX, yy = torch.randn(30, 4), torch.randint(0, 2, (30,))\n"
        "toy = nn.Linear(4, 2)\noptimizer = torch.optim.SGD(toy.parameters(), lr=0.1)\n"
        "for step in range(4):\n    optimizer.zero_grad()\n    noise = torch.randn(30, 4)\n"
        "    loss = nn.functional.cross_entropy(toy(XX), yy) + toy(noise).sum()\n"
        "    loss.backward()\n    optimizer.step()",
        "for rate in (0.1, 0.01):\n    tried = net()\n"
        "    optimizer = torch.optim.SGD(tried.parameters(), lr=rate)\n"
        "    for xb, yb in loader:\n        optimizer.zero_grad()\n"
        "        nn.functional.cross_entropy(tried(xb), yb).backward()\n        optimizer.step()",
    )
    assert seen.notices == []
    in_cell = [[each for each in trainings(seen) if each in one.activities] for one in seen.run.executions]
    judging, making = in_cell[1]
    assert judging.generated == (seen.held("judge").id,)
    assert making.generated == (seen.held("make").id,)
    assert used(judging, Role.DATA) == [(seen.held("Xt").id, Evidence.OBSERVED)]
    assert all(evidence is Evidence.INFERRED for _, evidence in used(making, Role.DATA))
    assert (settings(judging)["lr"], settings(judging)["losses"], settings(judging)["steps"]) == (0.5, 12, 6)
    assert settings(making)["steps"] == 6
    [gathered], [scaled] = in_cell[2:4]
    assert (settings(gathered)["steps"], settings(gathered)["losses"]) == (3, 6)
    last = float(seen.run.executions[3].outputs[0].text)
    assert results(scaled, "step_loss")[0].series[-1] == pytest.approx(last)
    first, second = in_cell[4]
    assert first.results[0].value == second.results[0].value is not None
    assert [each.generated for each in (first, second)] == [(seen.held("head").id,), (seen.held("tail").id,)]
    assert used(first, Role.DATA) == [(seen.held("Xt").id, Evidence.OBSERVED)]
    [solved] = in_cell[5]
    assert (settings(solved)["steps"], solved.generated) == (2, (seen.held("last").id,))
    [toy] = in_cell[6]
    assert used(toy, Role.DATA) == [(seen.held("XX").id, Evidence.OBSERVED)]
    assert used(toy, Role.TARGET) == [(seen.held("yy").id, Evidence.OBSERVED)]
    swept = in_cell[7]
    assert [settings(each)["lr"] for each in swept] == [0.1, 0.01]
    assert len({seen.values[name].object for each in swept for name in each.generated}) == 2
    assert {used(each, Role.DATA)[0] for each in swept} == {(seen.held("Xt").id, Evidence.OBSERVED)}


def test_what_is_stored_is_joined_with_what_is_loaded_and_cut_loops_are_recorded(execute: Execute) -> None:
    seen = execute(
        START,
        "model = net()\noptimizer = torch.optim.Adam(model.parameters())\n"
        "loader = DataLoader(TensorDataset(Xt, yt), batch_size=20, shuffle=True)\n"
        "for epoch in range(3):\n    for xb, yb in loader:\n        optimizer.zero_grad()\n"
        "        nn.functional.cross_entropy(model(xb), yb).backward()\n        optimizer.step()\n"
        "    torch.save({'model': model.state_dict(), 'optimizer': optimizer.state_dict()}, f'{epoch}.pt')\n"
        "torch.save(model, 'whole.pt')\ntorch.save(Xv, 'data.pt')\n"
        "torch.save(model.state_dict(), 'state.pt')",
        "one, other, third = net(), net(), torch.load('whole.pt', weights_only=False)\n"
        "one.load_state_dict(torch.load('0.pt')['model'])\n"
        "other.load_state_dict(model.state_dict())\n"
        "X = torch.load('data.pt')\nwith torch.no_grad():\n    predicted = one.eval()(X).argmax(1)\n"
        "accuracy_score(y_test, predicted)",
        "for epoch in range(100):\n    for xb, yb in loader:\n        optimizer.zero_grad()\n"
        "        loss = nn.functional.cross_entropy(model(xb), yb)\n        loss.backward()\n"
        "        optimizer.step()\n    if epoch == 1:\n        raise KeyboardInterrupt",
        allow_errors=True,
    )
    assert seen.notices == []
    complete, cut = trainings(seen)
    assert len(complete.generated) == 3
    assert complete.generated[-1] == seen.held("model", 2).id
    for epoch, state in enumerate(complete.generated):
        assert state in seen.sources(seen.file(f"{epoch}.pt").id)
    assert seen.came_from("one", evidence="observed") == {"0.pt", "a.csv"}
    assert complete.generated[0] in seen.sources(seen.held("one").id)
    assert complete.generated[1] not in seen.sources(seen.held("one").id)
    assert seen.held("model", 2).id in seen.sources(seen.held("other").id)
    assert seen.came_from("third", evidence="observed") == {"whole.pt", "a.csv"}
    assert seen.held("Xv").id in seen.sources(seen.held("X").id)
    assert seen.held("model", 2).id in seen.sources(seen.file("state.pt").id)
    [accuracy] = [result for result in seen.results if result.metric == "accuracy"]
    assert (accuracy.model, accuracy.data) == (seen.held("one").id, (seen.held("X").id,))
    assert (cut.status, settings(cut)["epochs"], settings(cut)["steps"]) == (Status.INTERRUPTED, 2, 12)
    assert cut.generated == (seen.held("model", 4).id,)
    assert len(results(cut, "loss")[0].series) == 2


def test_predictions_keep_their_model_however_they_are_gathered(execute: Execute) -> None:
    seen = execute(
        START + "yv = torch.tensor(y_test.values)\nrows = DataLoader(TensorDataset(Xv, yv), batch_size=5)",
        "model = net()\nwith torch.no_grad():\n    _, predicted = torch.max(model(Xv), 1)\n"
        "accuracy_score(yv, predicted)",
        "accuracy_score(yv, torch.argmax(model(Xv), 1))",
        "found = []\nwith torch.no_grad():\n    for xb, yb in rows:\n"
        "        _, some = torch.max(model(xb), 1)\n"
        "        found.append(some)\naccuracy_score(yv, torch.cat(found))",
        "model.eval()\nfound, truth = [], []\nfor xb, yb in rows:\n"
        "    found.extend(model(xb).argmax(1).tolist())\n    truth.extend(yb.numpy())\n"
        "accuracy_score(truth, found)",
        "found = []\nfor xb, yb in rows:\n    found.append(model(xb).argmax(1).cpu().numpy())\n"
        "accuracy_score(yv.numpy(), np.concatenate(found))",
        "chances = torch.softmax(model(Xv), dim=1).detach().numpy()\naccuracy_score(yv, chances.argmax(1))",
        "compiled = torch.compile(model, backend='eager')\naccuracy_score(yv, compiled(Xv).argmax(1))",
    )
    assert seen.notices == []
    measured = [result for result in seen.results if result.metric == "accuracy"]
    assert len(measured) == 7
    assert {result.model for result in measured} == {seen.held("model").id}
    assert {result.data for result in measured} == {(seen.held("Xv").id,)}
    assert {result.role for result in measured} == {SplitRole.TEST}
    assert measured[-1].evidence is Evidence.OBSERVED


def test_capture_that_begins_in_the_middle_sees_the_models_and_data_that_are_there(live: Live) -> None:
    seen = live(
        START.replace("torch.manual_seed(7)\n", "") + "model = net()\ncriterion = nn.CrossEntropyLoss()\n"
        "loader = DataLoader(TensorDataset(Xt, yt), batch_size=20)\n"
        "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n" + LOOP,
        "%load_ext provkg",
        LOOP,
        "with torch.no_grad():\n    predicted = model(Xv).argmax(1).numpy()\n"
        "accuracy_score(y_test, predicted)",
    )
    [training] = trainings(seen)
    assert (settings(training)["epochs"], settings(training)["steps"]) == (3, 18)
    [(data, evidence)] = used(training, Role.DATA)
    assert (seen.values[data].names, evidence) == (("Xt",), Evidence.OBSERVED)
    assert not training.unseeded  # what was drawn before is not known
    [accuracy] = seen.results[-1:]
    assert (accuracy.metric, accuracy.model) == ("accuracy", training.generated[0])
