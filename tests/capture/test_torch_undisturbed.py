"""The hooks on torch never disturb: not what is shown, nor compilers, pickles, lifetimes, workers or threads.

Torch is large: these tests belong to the optional job.
"""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from tests.capture.conftest import Execute
from tests.capture.test_torch import trainings
from tests.capture.test_undisturbed import Both, both

__all__ = ["both"]

pytestmark = [
    pytest.mark.large,
    pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed"),
]

START = """import copy, gc, io, inspect, pickle, sys, threading, traceback, warnings, weakref
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset
torch.manual_seed(0)
X, y = torch.randn(64, 4), torch.randint(0, 2, (64,))
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.out = nn.Linear(4, 8), nn.Linear(8, 2)
    def forward(self, x):
        if x.shape[0] == 3:
            warnings.warn('three', stacklevel=2)
        return self.out(torch.relu(self.inner(x)))
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
def train(model=model, optimizer=optimizer, epochs=2):
    for epoch in range(epochs):
        for xb, yb in DataLoader(TensorDataset(X, y), batch_size=16):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            optimizer.step()
    return loss
"""


def test_outputs_tracebacks_and_warnings_are_the_same(both: Both) -> None:
    both(
        START,
        "print(train())",
        "model(torch.randn(2, 5))",
        "class Failing(Dataset):\n    def __len__(self):\n        return 4\n"
        "    def __getitem__(self, i):\n        return 1 / (2 - i)\n"
        "for batch in DataLoader(Failing()):\n    print(batch)",
        "torch.zeros(2, requires_grad=True).backward()",
        "torch.cat([torch.zeros(2), torch.zeros(3, 3)])",
        "try:\n    train(); model(X[:2].view(-1))\nexcept RuntimeError:\n"
        "    traceback.print_exc(file=sys.stdout)",
        "warnings.simplefilter('always')\nmodel(X[:3]); train(); model(X[:3])",
        "print(model, optimizer)\nprint(inspect.signature(nn.Module.__call__))\n"
        "print(inspect.signature(torch.Tensor.backward), torch.argmax.__name__, torch.tensor.__doc__[:40])\n"
        "print(nn.Module.__call__.__qualname__, inspect.getsource(nn.Module.__call__)[:30])",
        "model.eval()\nwith torch.no_grad():\n    print(model(X[:4]).softmax(1).argmax(1), X[:2] > 0)\n"
        "print(torch.max(X, 1), X.max(), torch.stack([X[0], X[1]]).float().numpy())",
        "print(optimizer.state_dict(), [*model.state_dict()], model._forward_hooks, model.__dict__.keys())",
    )


def test_compilers_pickles_subclasses_and_copies_take_no_notice(execute: Execute) -> None:
    seen = execute(
        START + "train()\nmodel.eval()\nplain = model(X)",
        "torch._dynamo.reset()\ncompiled = torch.compile(model, backend='eager', fullgraph=True)\n"
        "assert torch.equal(compiled(X), plain)\n"
        "hooked = Net()\nhooked.inner.register_forward_hook(lambda module, given, made: made + 1)\n"
        "def last(x):\n    return hooked(x).softmax(1).argmax(1).float()\n"
        "step = torch.compile(last, backend='eager', fullgraph=True)\n"
        "assert torch.equal(step(X), last(X))\n"
        "stacked = torch.compile(lambda x: torch.cat([torch.tensor([1.0]), x.max(1).values]),"
        " backend='aot_eager', fullgraph=True)\n"
        "assert torch.equal(stacked(X)[1:], X.max(1).values)",
        "@torch.jit.script\ndef scripted(x: torch.Tensor):\n"
        "    row = torch.argmax(x, 1, keepdim=True).float()\n"
        "    return torch.cat([torch.softmax(x, 1), row], 1), x.sigmoid()\n"
        "assert scripted(X)[0].shape == (64, 5)\n"
        "assert torch.equal(torch.jit.script(model)(X), plain)\n"
        "assert torch.equal(torch.jit.trace(model, X)(X), plain)\n"
        "parts = nn.Sequential(model.inner, nn.ReLU(), model.out)\n"
        "assert torch.equal(torch.fx.symbolic_trace(parts)(X), plain)\n"
        "assert torch.func.vmap(lambda row: row.argmax())(X).shape == (64,)\n"
        "assert torch.func.grad(lambda x: x.sigmoid().sum())(X).shape == X.shape",
        "class Own(torch.Tensor):\n    seen = []\n    @classmethod\n"
        "    def __torch_function__(cls, function, types, args=(), kwargs=None):\n"
        "        cls.seen.append(function)\n"
        "        return super().__torch_function__(function, types, args, kwargs or {})\n"
        "own = X.as_subclass(Own)\n"
        "for function in (torch.Tensor.argmax, torch.Tensor.clone, torch.cat, torch.max):\n"
        "    function([own, own] if function is torch.cat else own)\n"
        "    assert Own.seen[-1] is function, function",
        "import cloudpickle\nstored = io.BytesIO()\ntorch.save(model, stored)\n"
        "for content in (stored.getvalue(), cloudpickle.dumps(Net), cloudpickle.dumps(model),\n"
        "                pickle.dumps(optimizer.state_dict()), cloudpickle.dumps(train)):\n"
        "    assert b'provkg' not in content\n"
        "again = cloudpickle.loads(cloudpickle.dumps(model))\n"
        "assert torch.equal(copy.deepcopy(model)(X), again(X))\n"
        "assert pickle.loads(pickle.dumps(torch.argmax)) is torch.argmax",
    )
    assert [each.error for each in seen.run.executions if each.error is not None] == []
    assert seen.notices == []


def test_nothing_is_kept_alive_and_other_processes_and_threads_are_left_alone(execute: Execute) -> None:
    seen = execute(
        START,
        "loss = train()\nmade = model(X)\nmodel.eval()\n"
        "kept = [model(X[i:i + 2]).argmax(1) for i in range(32)]\n"
        "watched = [weakref.ref(each) for each in (loss, made, kept[0], kept[-1])]\ndel loss, made, kept\n"
        "gc.collect()\nassert [each() for each in watched] == [None] * 4",
        "watched = [weakref.ref(each) for each in (model, optimizer, X)]\n"
        "del model, optimizer, X, train\ngc.collect()\nassert [each() for each in watched] == [None] * 3",
        START,
        "import multiprocessing\nrows = DataLoader(TensorDataset(X, y), batch_size=16, num_workers=2)\n"
        "for xb, yb in rows:\n    optimizer.zero_grad()\n"
        "    nn.functional.cross_entropy(model(xb), yb).backward()\n    optimizer.step()",
        "other = Net()\nworker = threading.Thread(\n"
        "    target=train, args=(other, torch.optim.SGD(other.parameters(), lr=0.1)))\n"
        "worker.start(); worker.join()",
        "worker = threading.Thread(\n"
        "    target=train, args=(other, torch.optim.SGD(other.parameters(), lr=0.1), 20))\n"
        "worker.start(); train(epochs=20); worker.join()",
    )
    assert [each.error for each in seen.run.executions if each.error is not None] == []
    assert seen.notices == []
    told = [
        [each for each in trainings(seen) if each in execution.activities]
        for execution in seen.run.executions
    ]
    assert [len(each) for each in told] == [0, 1, 0, 0, 1, 0, 1]
    steps = [{setting.name: setting.value for setting in each[0].settings}["steps"] for each in told if each]
    assert steps == [8, 4, 80]
    assert len(told[-1][0].results[0].series) == 20
    assert told[4][0].used


def test_a_version_of_torch_that_is_not_known_is_left_alone_and_told_of_once(execute: Execute) -> None:
    seen = execute(
        "import types\nfrom provkg.capture.hooks.torch import AFTER_IMPORT\n"
        "strange = types.ModuleType('torch')\nstrange.__version__ = '9.9'\nAFTER_IMPORT['torch'][0](strange)",
    )
    [notice] = seen.notices
    assert notice.startswith("torch: version 9.9 is not known here: Tensor.backward, _C._get_tracing_state, ")
