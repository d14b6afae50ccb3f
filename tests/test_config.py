from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provkg.config import Capture, Limits, create_home, ensure_home, find_home
from provkg.errors import HomeError

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def no_home_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROVKG_HOME", raising=False)


@pytest.fixture
def unwritable() -> Iterator[Path]:
    """A folder this process cannot write to, also when it runs as root."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755 if os.geteuid() == 0 else 0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield folder
        finally:
            if root:
                os.seteuid(0)
            folder.chmod(0o755)


def write_config(tmp_path: Path, text: str) -> Path:
    home = tmp_path / ".provkg"
    home.mkdir()
    (home / "config.toml").write_text(text)
    return home


def test_a_new_home_has_an_id_a_base_iri_made_of_it_and_the_documented_limits(tmp_path: Path) -> None:
    home = create_home(tmp_path / ".provkg")
    assert home.path == tmp_path / ".provkg"
    assert home.base == f"arcp://uuid,{home.id}/"
    assert (home.limits, home.capture, home.notices) == (Limits(), Capture(), ())
    assert home == find_home(tmp_path)


def test_a_home_keeps_the_base_it_was_made_with(tmp_path: Path) -> None:
    create_home(tmp_path / ".provkg", base="https://example.org/lab/")
    assert find_home(tmp_path).base == "https://example.org/lab/"


def test_making_a_home_twice_gives_the_same_home(tmp_path: Path) -> None:
    assert create_home(tmp_path / ".provkg") == create_home(tmp_path / ".provkg")


def test_a_home_is_not_made_again_with_another_base(tmp_path: Path) -> None:
    home = create_home(tmp_path / ".provkg")
    with pytest.raises(HomeError, match="already exists"):
        create_home(home.path, base="https://example.org/lab/")
    assert find_home(tmp_path) == home


def test_processes_that_make_a_home_at_once_get_the_same_one(tmp_path: Path) -> None:
    program = (
        "import sys; from provkg.config import create_home; sys.stdin.readline();"
        "print(create_home(sys.argv[1]).id)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / ".provkg")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda process: process.communicate("\n"), processes))
    assert [process.returncode for process in processes] == [0] * 4
    assert {UUID(out.strip()) for out, _ in answers} == {find_home(tmp_path).id}


def test_threads_that_make_a_home_at_once_get_the_same_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        homes = set(pool.map(create_home, [tmp_path / ".provkg"] * 8))
    assert len(homes) == 1


def test_a_file_system_without_hard_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: object, target: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert create_home(tmp_path / ".provkg") == find_home(tmp_path)
    assert sorted(path.name for path in (tmp_path / ".provkg").iterdir()) == [
        ".gitignore",
        "config.toml",
        "journal",
        "objects",
    ]


def test_a_home_is_found_from_any_folder_below(tmp_path: Path) -> None:
    home = create_home(tmp_path / ".provkg")
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert find_home(deep) == home


def test_the_nearest_home_above_holds(tmp_path: Path) -> None:
    create_home(tmp_path / ".provkg")
    inner = create_home(tmp_path / "project" / ".provkg")
    assert find_home(tmp_path / "project") == inner


def test_the_environment_goes_before_the_folder_and_a_path_before_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_home(tmp_path / ".provkg")
    named = create_home(tmp_path / "named")
    explicit = create_home(tmp_path / "explicit" / ".provkg")
    monkeypatch.setenv("PROVKG_HOME", str(tmp_path / "named"))
    assert find_home(tmp_path) == named
    assert find_home(tmp_path, path=tmp_path / "explicit") == explicit
    assert find_home(tmp_path, path=tmp_path / "explicit" / ".provkg") == explicit


def test_where_there_is_no_home_the_error_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="No home") as caught:
        find_home(tmp_path)
    assert "provkg init" in caught.value.remedy


def test_a_home_named_by_the_environment_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_home(tmp_path / ".provkg")
    monkeypatch.setenv("PROVKG_HOME", str(tmp_path / "missing"))
    with pytest.raises(HomeError, match="missing"):
        find_home(tmp_path)


def test_the_first_capture_makes_a_home_where_it_runs_and_later_ones_find_it(tmp_path: Path) -> None:
    home = ensure_home(tmp_path)
    assert home.path == tmp_path / ".provkg"
    assert ensure_home(tmp_path) == home


def test_the_first_capture_makes_the_home_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVKG_HOME", str(tmp_path / "named"))
    assert ensure_home(tmp_path).path == tmp_path / "named"


def test_a_folder_that_cannot_be_written_is_said_to_be_so(unwritable: Path) -> None:
    with pytest.raises(HomeError, match="Permission denied") as caught:
        create_home(unwritable / ".provkg")
    assert "PROVKG_HOME" in caught.value.remedy


def test_a_home_cannot_be_made_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match="Not a directory"):
        create_home(tmp_path / "file" / ".provkg")


ID = 'id = "73456f8c-f755-4c1c-aeb7-2b384c8a3bb9"'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[store\n", "not valid TOML.*line 1"),
        ("", "is empty"),
        ("[limits]\n", "required field `store`"),
        ("[store]\n", "required field `id`"),
        ('[store]\nid = "one"\n', "Invalid UUID"),
        ("store = 1\n", r"Expected `object`, got `int` - at `\$.store`"),
        (f"[store]\n{ID}\n[limits]\nobject_bytes = '1 MB'\n", r"limits.object_bytes"),
        (f"[store]\n{ID}\n[limits]\nobject_bytes = -1\n", r"limits.object_bytes"),
        (f"[store]\n{ID}\n[capture]\nfiles = 'no'\n", r"capture.files"),
        (f"[store]\n{ID}\nbase = 'example.org'\n", "not an absolute IRI"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused_with_its_place_and_a_remedy(
    tmp_path: Path, text: str, reason: str
) -> None:
    write_config(tmp_path, text)
    with pytest.raises(HomeError, match=reason) as caught:
        find_home(tmp_path)
    assert "config.toml" in caught.value.message
    assert caught.value.remedy


def test_a_config_in_another_encoding_is_refused(tmp_path: Path) -> None:
    home = write_config(tmp_path, "")
    (home / "config.toml").write_bytes("# Gerät\n".encode("latin-1"))
    with pytest.raises(HomeError, match="not UTF-8"):
        find_home(tmp_path)


def test_unknown_keys_are_noticed_and_ignored(tmp_path: Path) -> None:
    write_config(
        tmp_path, f"colour = 1\n[store]\n{ID}\n[limits]\nobjekt_bytes = 5\n[capture]\nfiles = false\n"
    )
    home = find_home(tmp_path)
    assert home.limits == Limits()
    assert not home.capture.files
    assert [notice.split(": ")[1].split(" ")[0] for notice in home.notices] == [
        "`colour`",
        "`limits.objekt_bytes`",
    ]


def test_a_config_without_base_means_the_default_one(tmp_path: Path) -> None:
    write_config(tmp_path, f"[store]\n{ID}\n")
    assert find_home(tmp_path).base == "arcp://uuid,73456f8c-f755-4c1c-aeb7-2b384c8a3bb9/"


@pytest.mark.parametrize(
    "base",
    [
        "example.org/",
        "https://example.org",
        "https://a b/",
        "http:///",
        "https://e.org/?q/",
        "https://e.org/#/",
    ],
)
def test_a_base_that_is_not_an_absolute_iri_ending_in_a_slash_is_refused(tmp_path: Path, base: str) -> None:
    with pytest.raises(HomeError, match="not an absolute IRI"):
        create_home(tmp_path / ".provkg", base=base)
    assert not (tmp_path / ".provkg").exists()


@given(
    st.one_of(
        st.from_regex(r"\A[a-z:/%.@é0-9\[\] <>\"{}|\\^`#?-]{1,20}/\Z"),
        st.text(max_size=12).map(lambda text: f"https://{text}/"),
        st.text(max_size=12).map(lambda text: f"https://example.org/{text}/"),
        st.text(max_size=12).map(lambda text: f"arcp://{text}/"),
    )
)
def test_every_base_that_is_accepted_makes_iris_that_a_strict_parser_accepts(base: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        try:
            home = create_home(Path(name) / ".provkg", base=base)
        except HomeError:
            return
        assert find_home(name).base == base
        statement = f"<{home.base}run/1> <{home.base}metric/accuracy> <{home.base}sha256/ab> ."
        assert list(ox.parse(statement, format=ox.RdfFormat.N_TRIPLES))
