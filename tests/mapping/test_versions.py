"""Sort keys of versions against the reference implementation of PEP 440."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from provkg.mapping.versions import sort_key

number = st.sampled_from(["0", "1", "2", "9", "10", "11", "100", "2024", "20240701"])
release = st.lists(number, min_size=1, max_size=4).map(".".join)
pre = st.one_of(
    st.just(""), st.builds("{}{}".format, st.sampled_from(["a", "b", "rc", ".alpha.", "-c"]), number)
)
post = st.one_of(st.just(""), st.builds("{}{}".format, st.sampled_from([".post", "-", "-r"]), number))
dev = st.one_of(st.just(""), st.builds(".dev{}".format, number))
local = st.one_of(st.just(""), st.sampled_from(["+cpu", "+cu121", "+1", "+10", "+9.a", "+9", "+a.1", "+ab"]))
epoch = st.sampled_from(["", "1!", "v"])
versions = st.builds("".join, st.tuples(epoch, release, pre, post, dev, local))


@given(versions, versions)
def test_keys_sort_as_versions_do(one: str, other: str) -> None:
    assert (sort_key(one) < sort_key(other)) == (Version(one) < Version(other))
    assert (sort_key(one) == sort_key(other)) == (Version(one) == Version(other))


@pytest.mark.parametrize("text", ["", "unknown", "1.2.x", "latest", "1..2", "2024-01-01T00:00"])
def test_what_is_no_version_has_no_key(text: str) -> None:
    assert sort_key(text) == ""
