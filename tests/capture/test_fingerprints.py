"""Digests of contents in memory: equal for equal content whatever its layout, different for any other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse  # type: ignore[import-untyped]

from provkg.capture.fingerprints import fingerprint_of
from provkg.records import Digest, Fingerprint

TEXT = ["one", "two", None, "x\x00y"] * 25
NUMBERS = np.arange(24.0).reshape(4, 6)


def chunked(parts: int) -> pd.Series[str]:
    array = pa.chunked_array([pa.array(list(each)) for each in np.array_split(np.array(TEXT, object), parts)])
    return pd.Series(pd.array(array, dtype=pd.ArrowDtype(pa.string())))


def with_index(labels: Any) -> pd.DataFrame:
    return pd.DataFrame({"a": range(len(labels))}, index=labels)


def csr(indices: list[int], data: list[float]) -> sparse.csr_matrix:
    return sparse.csr_matrix((np.array(data), np.array(indices), np.array([0, len(data)])), shape=(1, 9))


def masked(mask: list[bool]) -> np.ma.MaskedArray[Any, Any]:
    return np.ma.array([1.0, 2.0, 3.0], mask=mask)


def fields(*names: str, align: bool = False) -> Any:
    kind = np.dtype([(name, each) for name, each in zip(names, ("i1", "f8"), strict=True)], align=align)
    return np.array([(1, 2.0), (3, 4.0)], dtype=kind)


def objects(*elements: Any) -> pd.DataFrame:
    return pd.DataFrame({"a": pd.Series(list(elements), dtype=object)})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (NUMBERS, np.asfortranarray(NUMBERS)),
        (NUMBERS[::2, 1:4], NUMBERS[::2, 1:4].copy()),
        (np.broadcast_to(3.0, (4, 4)), np.full((4, 4), 3.0)),
        (pd.DataFrame(NUMBERS), pd.DataFrame({i: NUMBERS[:, i].copy() for i in range(6)})),
        (pd.DataFrame(NUMBERS)[[1, 3]], pd.DataFrame({1: NUMBERS[:, 1], 3: NUMBERS[:, 3]})),
        (chunked(1), chunked(7)),
        (chunked(3)[10:50], chunked(1)[10:50].copy()),
        (
            pd.Series(pd.Categorical(["a", "b"], ["a", "b"])),
            pd.Series(pd.Categorical(["a", "b"], ["b", "a"])),
        ),
        (with_index(pd.RangeIndex(3)), with_index(pd.Index([0, 1, 2]))),
        (csr([1, 4], [1.0, 2.0]), csr([4, 1], [2.0, 1.0])),
        (csr([1, 4], [1.0, 2.0]), csr([1, 4], [1.0, 2.0]).tocsc()),
        (masked([False, True, False]), np.ma.array([1.0, 99.0, 3.0], mask=[False, True, False])),
        (fields("a", "b"), fields("a", "b")[::-1].copy()[::-1]),
        (objects([1], {"a": (2,)}, Decimal("1.5")), objects([1], {"a": (2,)}, Decimal("1.5"))),
        (pd.DataFrame(), pd.DataFrame()),
    ],
)
def test_equal_content_has_an_equal_digest_whatever_its_layout(one: Any, other: Any) -> None:
    fingerprint = fingerprint_of(one)
    assert fingerprint is not None
    assert fingerprint == fingerprint_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (NUMBERS, NUMBERS.T),
        (NUMBERS, NUMBERS.astype("f4")),
        (np.array(5), np.array([5])),
        (objects(1, "1"), objects("1", 1)),
        (objects("ab", "c"), objects("a", "bc")),
        (objects([1, 2]), objects([1, 3])),
        (objects(None, "a"), objects("None", "a")),
        (pd.DataFrame({"a": [1], "b": [2]}), pd.DataFrame({"b": [1], "a": [2]})),
        (pd.DataFrame({"1": [1]}), pd.DataFrame({1: [1]})),
        (with_index([0, 1, 2]), with_index([0, 2, 1])),
        (with_index(["a", "b"]), with_index(["a", "c"])),
        (with_index(pd.MultiIndex.from_tuples([(1, 2)])), with_index(pd.MultiIndex.from_tuples([(2, 1)]))),
        (with_index(pd.Index([5], name="x")), with_index(pd.Index([5], name="y"))),
        (pd.Series(pd.Categorical(["a", "b"])), pd.Series(pd.Categorical(["b", "a"]))),
        (pd.Series(pd.date_range("2020", periods=3, tz="UTC")), pd.Series(pd.date_range("2020", periods=3))),
        (pd.Series([1, None], dtype="Int64"), pd.Series([1, 1], dtype="Int64")),
        (pd.Series(pd.arrays.SparseArray([0, 1])), pd.Series(pd.arrays.SparseArray([1, 0]))),
        (pd.Series(pd.interval_range(0, 3)), pd.Series(pd.interval_range(1, 4))),
        (pd.Series(pd.period_range("2020", periods=3)), pd.Series(pd.period_range("2021", periods=3))),
        (csr([1, 4], [1.0, 2.0]), csr([1, 5], [1.0, 2.0])),
        (masked([False, True, False]), masked([True, False, False])),
        (fields("a", "b"), fields("a", "c")),
        (objects(date(2020, 1, 1)), objects(date(2020, 1, 2))),
        (pd.Series(["a"], name="x"), pd.Series(["a"], name="y")),
    ],
)
def test_different_content_has_different_digests(one: Any, other: Any) -> None:
    first, second = fingerprint_of(one), fingerprint_of(other)
    assert first is not None
    assert second is not None
    assert first != second


def test_rows_far_down_count() -> None:
    table = pd.DataFrame({"a": np.arange(20_000), "b": pd.date_range("2000", periods=20_000)})
    other = table.copy()
    other["a"] = [*range(19_999), 0]
    assert fingerprint_of(table) != fingerprint_of(other)


def test_objects_that_only_their_own_code_could_describe_have_no_digest() -> None:
    class Own:
        def __repr__(self) -> str:
            raise AssertionError

        __str__ = __repr__

    for value in (objects(Own()), objects([Own()]), np.array([Own()]), with_index([Own()]), objects({1, 2})):
        assert fingerprint_of(value) is None
    assert fingerprint_of(pd.Series(pd.Categorical([Own()]))) is None


def changed_at(row: int) -> Any:
    rows = np.zeros((10_000, 3))
    rows[row, 1] = 1
    return rows


@pytest.mark.parametrize(
    "made",
    [
        np.asarray,
        np.asfortranarray,
        np.ma.masked_array,
        lambda rows: pd.DataFrame(rows, columns=["a", "b", "c"]),
        lambda rows: pd.Series(rows[:, 1]),
        lambda rows: pd.Series(rows[:, 1].astype(str)),
        lambda rows: pd.DataFrame({"a": 0}, index=rows[:, 1]),
        lambda rows: pa.table({"a": rows[:, 1], "b": rows[:, 1].astype(str)}),
        lambda rows: pl.DataFrame({"a": rows[:, 1], "b": rows[:, 1].astype(str)}),
    ],
)
def test_what_is_larger_than_the_limit_has_the_digest_of_a_part(made: Callable[[Any], Any]) -> None:
    def digest(row: int) -> Fingerprint:
        found = fingerprint_of(made(changed_at(row)), limit=40_000, part=12_000)
        assert found is not None
        return found

    whole, first, last = fingerprint_of(made(changed_at(0))), digest(0), digest(9_999)
    assert whole is not None
    assert (whole.covers, first.covers) == (Digest.FULL, Digest.PARTIAL)
    assert first.algorithm.startswith(f"{whole.algorithm}-of-")
    assert first == digest(0)
    assert first != last
    different = {digest(row).hex for row in range(0, 10_000, 150)}
    assert 2 < len(different) < 67  # changes of some rows all over the table are seen, not of all


def test_the_part_is_the_same_for_equal_content_and_tells_shapes_apart() -> None:
    rows = np.arange(80_000.0).reshape(-1, 2)
    assert fingerprint_of(rows, 1000, 1000) == fingerprint_of(np.asfortranarray(rows), 1000, 1000)
    tables = [pd.DataFrame(rows), pd.DataFrame({0: rows[:, 0].copy(), 1: rows[:, 1].copy()})]
    assert fingerprint_of(tables[0], 1000, 1000) == fingerprint_of(tables[1], 1000, 1000)
    texts = pd.Series(rows[:, 0].astype(str))
    assert fingerprint_of(texts, 1000, 1000) == fingerprint_of(pd.concat([texts[:9], texts[9:]]), 1000, 1000)
    assert fingerprint_of(np.zeros(50_000), 1000, 1000) != fingerprint_of(np.zeros(50_001), 1000, 1000)


def test_what_cannot_be_divided_into_rows_has_no_digest_of_a_part() -> None:
    for value in (np.zeros((1, 10_000)), np.zeros(()), np.zeros((10, 10_000)), sparse.eye(5000).tocsr()):
        assert fingerprint_of(value, limit=4, part=4) is None


def test_texts_have_one_digest_whoever_holds_them() -> None:
    texts = ["", "naïve", None, "x" * 300, "\U0001f600"] * 30_000
    arrow = pd.array(texts, dtype=pd.StringDtype("pyarrow", na_value=np.nan))
    python = pd.array(texts, dtype=pd.StringDtype("python", na_value=np.nan))
    digests = {fingerprint_of(pd.Series(each)) for each in (arrow, python)}
    digests.add(fingerprint_of(pd.concat([pd.Series(arrow[:7]), pd.Series(arrow[7:])], ignore_index=True)))
    assert len(digests) == 1
    small, large = pa.array(texts), pa.array(texts, pa.large_string())
    for array in (small, large):
        assert fingerprint_of(array) == fingerprint_of(pa.chunked_array([array[:11], array[11:]]))
        assert fingerprint_of(array) != fingerprint_of(pa.array([*texts[:-1], "\U0001f601"], array.type))
    hidden = pa.Array.from_buffers(
        pa.string(),
        2,
        [pa.py_buffer(b"\x02"), pa.py_buffer(np.array([0, 3, 4], "i4")), pa.py_buffer(b"oldx")],
    )
    assert hidden.to_pylist() == [None, "x"]
    assert fingerprint_of(hidden) == fingerprint_of(pa.array([None, "x"]))
    assert fingerprint_of(objects("\ud800", "a")) != fingerprint_of(objects("\ud801", "a"))


def test_what_is_larger_than_the_limit_has_no_digest_where_no_part_is_wanted() -> None:
    assert fingerprint_of(NUMBERS, limit=NUMBERS.nbytes) is not None
    assert fingerprint_of(NUMBERS, limit=NUMBERS.nbytes - 1) is None
    assert fingerprint_of(pd.DataFrame(NUMBERS), limit=100) is None
