"""Keras, Lightning and torchmetrics, with the real libraries in a real kernel.

These are large: their tests belong to the optional job.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from provkg.records import ActivityKind, Evidence, FileMode, Role, SeriesBy, SplitRole, Status
from tests.capture.conftest import Execute
from tests.capture.test_torch import results, settings, trainings, used

pytestmark = pytest.mark.large


def needs(*libraries: str) -> pytest.MarkDecorator:
    missing = [library for library in libraries if find_spec(library) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


DATA = """import pandas as pd, numpy as np
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
df = pd.read_csv('a.csv')
X_train, X_test, y_train, y_test = train_test_split(df.drop(columns='y'), df.y, random_state=0)
"""


@pytest.fixture(autouse=True)
def table(tmp_path: Path) -> None:
    rows = [",".join(str((i * k) % 17 / 7) for k in (3, 5, 7, 11)) + f",{i % 2}" for i in range(160)]
    (tmp_path / "a.csv").write_text("a,b,c,d,y\n" + "\n".join(rows) + "\n")


@needs("keras", "torch")
def test_models_of_keras_tell_settings_histories_results_and_files(
    execute: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    seen = execute(
        DATA + "import keras",
        "model = keras.Sequential([keras.layers.Dense(8, activation='relu'),\n"
        "                          keras.layers.Dense(1, activation='sigmoid')])\n"
        "model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.25),\n"
        "              loss='binary_crossentropy', metrics=['accuracy'])",
        "told = model.fit(X_train, y_train, epochs=3, batch_size=20, verbose=0,\n"
        "                 validation_data=(X_test, y_test))",
        "print(model.evaluate(X_test, y_test, verbose=0))\nchances = model.predict(X_test, verbose=0)\n"
        "accuracy_score(y_test, chances > 0.5)",
        "model.save('model.keras')\nother = keras.models.load_model('model.keras')\n"
        "model.save_weights('it.weights.h5')\nother.load_weights('it.weights.h5')",
        "class Cut(keras.callbacks.Callback):\n    def on_epoch_end(self, epoch, logs=None):\n"
        "        if epoch == 1:\n            raise KeyboardInterrupt\n"
        "model.fit(X_train, y_train, epochs=9, verbose=0, callbacks=[Cut()])",
        allow_errors=True,
    )
    assert seen.notices == []
    first, cut = trainings(seen)
    assert (first.function, first.implementation, first.package) == (
        "keras.Model.fit",
        "keras.Sequential",
        "keras",
    )
    assert used(first, Role.DATA) == [(seen.held("X_train").id, Evidence.OBSERVED)]
    assert used(first, Role.TARGET) == [(seen.held("y_train").id, Evidence.OBSERVED)]
    assert used(first, Role.VALIDATION)[0] == (seen.held("X_test").id, Evidence.OBSERVED)
    told = settings(first)
    assert (told["optimizer"], told["learning_rate"]) == ("keras.optimizers.Adam", 0.25)
    assert (told["loss"], told["batch_size"], told["epochs"]) == ("binary_crossentropy", 20, 3)
    assert (told["parameters"], told["epochs_done"]) == (49, 3)
    assert told["layers"] == "Dense(units=8, activation=relu), Dense(units=1, activation=sigmoid)"
    by_role = {(result.metric, result.role): result for result in first.results}
    assert by_role.keys() == {
        (metric, role)
        for metric in ("accuracy", "loss")
        for role in (SplitRole.TRAINING, SplitRole.VALIDATION)
    }
    validated = by_role["loss", SplitRole.VALIDATION]
    assert (len(validated.series), validated.series_by) == (3, SeriesBy.EPOCH)
    assert validated.data == (seen.held("X_test").id,)
    [evaluation] = [each for each in seen.of_kind(ActivityKind.EVALUATION) if "keras" in each.function]
    printed = [float(each) for each in seen.run.executions[3].outputs[0].text.strip("[]\n").split(",")]
    assert [each.metric for each in evaluation.results] == ["loss", "accuracy"]
    assert [each.value for each in evaluation.results] == pytest.approx(printed)
    assert {(each.model, each.role) for each in evaluation.results} == {(first.generated[0], SplitRole.TEST)}
    own = [result for each in seen.activities if "sklearn" in each.function for result in each.results]
    [accuracy] = own
    assert (accuracy.model, accuracy.role) == (first.generated[0], SplitRole.TEST)
    assert seen.came_from("other", evidence="observed") == {"it.weights.h5", "model.keras", "a.csv"}
    assert first.generated[0] in seen.sources(seen.file("model.keras", FileMode.WRITTEN).id)
    assert (cut.status, settings(cut)["epochs_done"]) == (Status.INTERRUPTED, 1)
    assert cut.generated == (seen.held("model", 6).id,)


LIGHTNING = """import lightning as L, logging, torch, warnings
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
logging.getLogger('lightning.pytorch').setLevel('ERROR')
warnings.filterwarnings('ignore')
L.seed_everything(4)
X, y = torch.tensor(df.drop(columns='y').values).float(), torch.tensor(df.y.values)
train, val, test = (TensorDataset(X[a:b], y[a:b]) for a, b in ((0, 120), (120, 140), (140, 160)))
class Lit(L.LightningModule):
    def __init__(self, hidden=8, lr=0.01):
        super().__init__()
        self.save_hyperparameters()
        self.inner = nn.Sequential(nn.Linear(4, hidden), nn.ReLU(), nn.Linear(hidden, 2))
    def forward(self, x):
        return self.inner(x)
    def measure(self, batch, stage):
        loss = nn.functional.cross_entropy(self(batch[0]), batch[1])
        self.log(f'{stage}_loss', loss)
        return loss
    def training_step(self, batch, rank):
        if self.trainer.current_epoch == 50:
            raise ValueError('bad')
        return self.measure(batch, 'train')
    def validation_step(self, batch, rank):
        self.measure(batch, 'val')
    def test_step(self, batch, rank):
        self.measure(batch, 'test')
    def predict_step(self, batch, rank):
        return self(batch[0]).argmax(1)
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.hparams.lr)
quiet = dict(logger=False, enable_progress_bar=False, enable_model_summary=False)
"""


@needs("lightning", "torch")
def test_trainers_of_lightning_tell_settings_histories_checkpoints_and_results(execute: Execute) -> None:
    seen = execute(
        DATA + LIGHTNING,
        "model = Lit(hidden=16)\nkept = L.pytorch.callbacks.ModelCheckpoint('kept', monitor='val_loss')\n"
        "trainer = L.Trainer(max_epochs=3, callbacks=[kept], **quiet)\n"
        "trainer.fit(model, DataLoader(train, 20, shuffle=True), DataLoader(val, 10))\n"
        "assert [type(each).__name__ for each in trainer.callbacks] == ['ModelCheckpoint']",
        "told = trainer.test(model, DataLoader(test, 10), verbose=False)\nprint(told[0]['test_loss'])\n"
        "predicted = torch.cat(trainer.predict(model, DataLoader(test, 10)))\n"
        "accuracy_score(test.tensors[1], predicted)",
        "again = Lit.load_from_checkpoint(kept.best_model_path, weights_only=False)",
        "L.Trainer(max_epochs=99, enable_checkpointing=False, **quiet).fit(model, DataLoader(train, 60))",
        allow_errors=True,
    )
    assert seen.notices == []
    assert {seed.generator for seed in seen.run.executions[0].seeds} >= {"torch", "numpy.random", "random"}
    first, cut = trainings(seen)
    assert (first.function, first.implementation) == ("lightning.pytorch.Trainer.fit", "__main__.Lit")
    assert used(first, Role.DATA) == [(seen.held("train").id, Evidence.OBSERVED)]
    assert used(first, Role.VALIDATION) == [(seen.held("val").id, Evidence.OBSERVED)]
    told = settings(first)
    assert (told["hparams.hidden"], told["hparams.lr"], told["max_epochs"]) == (16, 0.01, 3)
    assert (told["optimizer"], told["lr"], told["batch_size"], told["shuffle"]) == (
        "torch.optim.Adam",
        0.01,
        20,
        True,
    )
    assert (told["epochs"], told["steps"], told["parameters"]) == (3, 18, 114)
    assert not first.unseeded
    by_role = {(each.metric, each.role): each for each in first.results}
    assert by_role.keys() == {("loss", SplitRole.TRAINING), ("loss", SplitRole.VALIDATION)}
    assert {len(each.series) for each in first.results} == {3}
    assert by_role["loss", SplitRole.VALIDATION].data == (seen.held("val").id,)
    model = seen.held("model", 2)
    assert first.generated[-1] == model.id
    assert seen.came_from("model", evidence="observed") == {"a.csv"}
    [saving] = [each for each in seen.activities if each.kind is ActivityKind.SAVING]
    assert saving.parent == first.id
    assert saving.used[0].entity in first.generated
    assert saving.generated[0] in seen.sources(seen.held("again").id)
    [tested] = [each for each in seen.results if each.role is SplitRole.TEST]
    assert (tested.metric, tested.model, tested.data) == ("loss", model.id, (seen.held("test").id,))
    assert tested.value == pytest.approx(float(seen.run.executions[2].outputs[0].text))
    [accuracy] = [each for each in seen.results if each.metric == "accuracy"]
    assert (accuracy.model, accuracy.data) == (model.id, (seen.held("test").id,))
    assert (cut.status, len(results(cut, "loss")[0].series)) == (Status.FAILED, 50)
    assert cut.generated == (seen.held("model", 5).id,)


@needs("torchmetrics", "torch")
def test_functions_and_metrics_of_torchmetrics_know_model_and_data(execute: Execute) -> None:
    seen = execute(
        DATA + "import copy, pickle, torch, torchmetrics\nfrom torch import nn\n"
        "from torch.utils.data import DataLoader, TensorDataset\n"
        "from torchmetrics.functional.classification import multiclass_accuracy\n"
        "X, y = torch.tensor(X_test.values).float(), torch.tensor(y_test.values)",
        "model = nn.Linear(4, 2)\nrows = DataLoader(TensorDataset(X, y), batch_size=10)\n"
        "right = torchmetrics.Accuracy(task='multiclass', num_classes=2)\n"
        "f1 = torchmetrics.F1Score(task='multiclass', num_classes=2, average='macro')\n"
        "with torch.no_grad():\n    for xb, yb in rows:\n        out = model(xb)\n"
        "        right.update(out, yb)\n        f1(out.argmax(1), yb)\n"
        "print(float(right.compute()), float(f1.compute()))",
        "with torch.no_grad():\n    chances = model(X).softmax(-1)\n"
        "one = multiclass_accuracy(chances, y, num_classes=2, average='micro')\n"
        "each = torchmetrics.functional.accuracy(\n"
        "    chances, y, task='multiclass', num_classes=2, average='none')\n"
        "same = pickle.loads(pickle.dumps(copy.deepcopy(right))).compute()\nprint(float(one), float(same))",
    )
    assert seen.notices == []
    gathered, averaged, whole, by_class, copied = seen.results
    shown = [float(part) for one in seen.run.executions[1:] for part in one.outputs[0].text.split()]
    assert [gathered.value, averaged.value, whole.value, copied.value] == pytest.approx(shown)
    assert [each.metric for each in seen.results[:4]] == ["accuracy", "f1_macro", "accuracy", "accuracy"]
    for result in (gathered, averaged, whole, by_class):
        assert (result.model, result.role) == (seen.held("model").id, SplitRole.TEST)
        assert result.data == (seen.held("X").id,)
        assert result.evidence is Evidence.OBSERVED
    assert (by_class.value, len(by_class.series)) == (None, 2)
    assert (copied.model, copied.data) == ("", ())
    evaluations = seen.of_kind(ActivityKind.EVALUATION)
    assert [use.role for use in evaluations[0].used] == [Role.DATA, Role.TRUTH]
    assert settings(evaluations[1])["average"] == "macro"
