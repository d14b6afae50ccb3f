"""Derivation through every public function and method of NumPy that makes arrays of arrays."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
import pytest

from tests.capture.conftest import Execute

ROWS = np.array([[i, i % 17, (i * 7) % 5, i % 2] for i in range(120)])
WAYS = (
    *("{}(A)", "{}(I)", "{}(v)", "{}(A, A)", "{}(I, I)", "{}(v, v)", "{}([A, A])", "{}(A, 2)", "{}(A, 1)"),
    *("{}(A, v)", "{}(I, 1)", "{}(A, 1, 0)", "{}(A, [1])", "{}(v, 2)", "{}(2, v)", "{}(A, [0, 1], 1)"),
    *("{}(A, (4, 4))", "{}([1, 2], v)", "{}(v, v, v)", "{}(M, v)", "{}(t)", "{}(t, 'b')", "{}(t, 2)"),
    *("{}('ij->ji', A)", "{}(np.sum, 0, A)", "{}([M], [A])", "{}(I, axis=0)", "{}(d)", "{}(I % 4, (4, 4))"),
)
METHOD_WAYS = ("{}", "{}()", "{}(v)", "{}(2)", "{}([0, 1])", "{}(M)", "{}('f4')")
"""How a function may be called, tried in this order until one gives an array."""
NO_DATA = {"empty_like", "ones_like", "zeros_like", "full_like", "shape", "size", "ndim", "empty", "zeros"}
NO_DATA |= {
    "ones",
    "indices",
    "broadcast_shapes",
    "dumps",
    "dump",
    "tofile",
    "tobytes",
    "tostring",
    "getfield",
}
NO_DATA |= {"copyto", "put", "putmask", "place", "fill", "resize", "setfield", "setflags", "masked_all_like"}
NO_DATA |= {"frombuffer", "ctypes", "test", "bytes", "set_fill_value", "identity", "tri", "eye", "masked_all"}
"""What gives back none of the data it is given, or changes it in place."""


def start() -> dict[str, Any]:
    """The variables of `START`."""
    rows = ROWS[:4].astype(float)
    square = rows @ rows.T + np.eye(4)
    return {
        "np": np,
        "A": square,
        "I": ROWS[:4].copy(),
        "v": square[0],
        "M": square > 1,
        "t": ROWS[:4].astype(str),
        "d": ROWS[:4].astype("datetime64[D]"),
    }


START = """import warnings; warnings.simplefilter('ignore')
import numpy as np, pandas as pd
I = pd.read_csv('a.csv').to_numpy()[:4]
rows = I.astype(float)
A = rows @ rows.T + np.eye(4)
v, M, t, d = A[0], A > 1, I.astype(str), I.astype('datetime64[D]')"""


def calls() -> Iterator[str]:
    """A call of every public function and method that makes an array of these arrays."""
    for module in (np, np.linalg, np.fft, np.random, np.ma, np.strings):
        for name in sorted(dir(module)):
            function = getattr(module, name)
            if not name.startswith("_") and callable(function) and not isinstance(function, type):
                yield from first(f"{module.__name__.replace('numpy', 'np')}.{name}", name)
    for name in sorted(dir(np.ndarray)):
        if not name.startswith("_"):
            yield from first(
                f"A.{name}", name, ("{}", "{}()", "{}(v)", "{}(2)", "{}([0, 1])", "{}(M)", "{}('f4')")
            )


def first(function: str, name: str, ways: tuple[str, ...] = WAYS) -> Iterator[str]:
    """The first way to call a function that gives an array, if there is one."""
    if name in NO_DATA or name.startswith(
        ("save", "load", "gen", "set_", "get_", "seed", "fromfile", "fromregex", "info", "show")
    ):
        return
    for way in ways:
        call, variables = way.format(function), start()
        try:
            made = eval(call, variables)
        except Exception:  # noqa: BLE001 - then it is called in another way
            continue
        if any(not np.array_equal(variables[name], array) for name, array in start().items() if name != "np"):
            continue  # it changed what it was given
        several = isinstance(made, tuple | list) and len(made) > 0
        made = made[0] if several else made
        if isinstance(made, np.ndarray) and made.ndim:
            yield f"{call}[0]" if several else call
            return


@pytest.mark.usefixtures("tables")
def test_what_any_function_makes_of_an_array_leads_to_the_file_the_array_is_from(execute: Execute) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = list(calls())
    assert len(found) > 500
    signs = ("+", "-", "*", "/", "//", "%", "**", "@", "==", "!=", "<", "<=", ">", ">=")
    operators = [f"A {sign} A" for sign in signs] + [f"2 {sign} A" for sign in signs if sign != "@"]
    others = ["-A", "~M", "abs(A)", "divmod(A, 2)[0]", "I << 1", "M & M", "A[1:]", "A[M]", "A[[1, 2]]", "A.T"]
    others += [
        "A[:, None]",
        "np.c_[A, A]",
        "np.r_[A, A]",
        "np.mgrid[0:4] * v",
        "np.add.outer(v, v)",
        "A.flat[:3]",
    ]
    named = {f"r{rank}": call for rank, call in enumerate(chain(found, operators, others))}
    lines = [f"{variable} = {call}" for variable, call in named.items()]
    cells = ["\n".join(lines[at : at + 80]) for at in range(0, len(lines), 80)]
    seen = execute(START, *cells)
    assert [execution.error for execution in seen.run.executions if execution.error] == []
    missing = [call for variable, call in named.items() if seen.came_from(variable) != {"a.csv"}]
    assert missing == []
    views = [variable for variable, call in named.items() if call in ("A[1:]", "A.T", "A[:, None]")]
    for view in views:
        assert seen.sources(seen.held(view).id, evidence="observed") == {seen.held("A").id}
