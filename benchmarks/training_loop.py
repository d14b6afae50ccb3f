"""What capture costs a small training loop of torch, in processor time.

    python -m benchmarks.training_loop [REPETITIONS]

A network of 20, 32 and 2 units learns from batches of 32: the smaller the network, the more the hooks weigh.
Within one recorded execution the hooks are taken off and put on again for a hundred steps each, in turns,
so that both sides see the same machine. ``once`` is what a loop costs besides its steps: the first of them,
which are looked at closely, and the record at its end.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

from provkg.capture.files import FileWatch
from provkg.capture.outputs import OutputWatch
from provkg.capture.packages import PackageWatch
from provkg.capture.session import Session

CELL = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
torch.set_num_threads(1)
X, y = torch.randn(3200, 20), torch.randint(0, 2, (3200,))
def make(optimizer):
    model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 2))
    return model, getattr(torch.optim, optimizer)(model.parameters(), lr=0.01), nn.CrossEntropyLoss()
def full(model, optimizer, criterion, xb=X[:32], yb=y[:32], steps=100):
    for step in range(steps):
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
def drawn(model, optimizer, criterion, rows=DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True)):
    for xb, yb in rows:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
def validating(model, optimizer, criterion, rows=DataLoader(TensorDataset(X, y), batch_size=32)):
    model.eval()
    right = 0
    with torch.no_grad():
        for xb, yb in rows:
            out = model(xb)
            loss = criterion(out, yb).item()
            right += (out.argmax(1) == yb).sum().item()
"""


class Hooks:
    """What the hooks on torch replaced, to be taken off and put on again."""

    def __init__(self, torch: Any) -> None:
        from torch.optim import optimizer
        from torch.utils.data.dataloader import _BaseDataLoaderIter

        from provkg.capture.hooks.torch import AFTER_IMPORT

        self._steps = optimizer._global_optimizer_post_hooks
        owners = (torch, torch.Tensor, torch.nn.Module, torch.utils.data.DataLoader, _BaseDataLoaderIter)
        functions = (torch.nn.Module.__call__, torch.Tensor.backward)
        before = [dict(vars(owner)) for owner in owners]
        codes = [function.__code__ for function in functions]
        for hook in AFTER_IMPORT["torch"]:
            hook(torch)
        self._codes = [(each, code, each.__code__) for each, code in zip(functions, codes, strict=True)]
        self._names = [
            (owner, name, had.get(name), now)
            for owner, had in zip(owners, before, strict=True)
            for name, now in vars(owner).items()
            if had.get(name) is not now
        ]
        self._registered = dict(self._steps)

    def take_off(self) -> None:
        """As if they had never been."""
        for owner, name, had, _ in self._names:
            delattr(owner, name) if had is None else setattr(owner, name, had)
        for function, code, _ in self._codes:
            function.__code__ = code
        self._steps.clear()

    def put_on(self) -> None:
        """As they are in a kernel that records."""
        for owner, name, _, now in self._names:
            setattr(owner, name, now)
        for function, _, code in self._codes:
            function.__code__ = code
        self._steps.update(self._registered)


def main(repetitions: int) -> None:
    """Measure and print."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(CELL, "<cell>", "exec"), namespace)
    hooks = Hooks(namespace["torch"])
    session = Session(
        lambda event: None,
        namespace,
        files=FileWatch(enabled=False),
        outputs=OutputWatch(lambda content: ("", False), 0, 0),
        packages=PackageWatch(),
    )
    print(f"torch {namespace['torch'].__version__}, {repetitions} times 100 steps on each side")
    for way in ("full", "drawn", "validating"):
        for optimizer in ("Adam", "SGD") if way != "validating" else ("SGD",):
            _measure(session, hooks, namespace, way, optimizer, repetitions)


def _measure(
    session: Session, hooks: Hooks, namespace: dict[str, Any], way: str, optimizer: str, repetitions: int
) -> None:
    parts = namespace["make"](optimizer)
    run: Callable[..., None] = namespace[way]
    plain, recorded = [], []
    hooks.take_off()
    first = _seconds(run, *parts)
    hooks.put_on()
    session.begin("", "")
    once = _seconds(run, *parts) - first
    for _ in range(repetitions):
        hooks.take_off()
        plain.append(_seconds(run, *parts))
        hooks.put_on()
        recorded.append(_seconds(run, *parts))
    once += _seconds(session.end)
    ratios = [after / before for before, after in zip(plain, recorded, strict=True)]
    low, _, high = quantiles(ratios, n=4)
    print(
        f"{way:10} {optimizer:5} {median(plain) * 1e4:6.1f} µs a step, "
        f"recorded {median(recorded) * 1e4:6.1f} µs: "
        f"{median(ratios) - 1:+.1%} ({low - 1:+.1%} … {high - 1:+.1%}), once {once * 1e3:.1f} ms"
    )


def _seconds(run: Callable[..., None], *arguments: Any) -> float:
    began = time.process_time()
    run(*arguments)
    return time.process_time() - began


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
