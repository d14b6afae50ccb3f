"""What is told of a repository, in every state a user's folder may be in; with real git."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from provkg.capture.git import commit_of, public_url, user_name

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", *identity, "-C", str(folder), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture(autouse=True)
def only_the_tests_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "model.py").write_text("depth = 3\n")
    git(folder, "add", "model.py")
    git(folder, "commit", "-q", "-m", "First")
    return folder


def test_a_clean_checkout_has_hash_branch_and_no_changes(repository: Path) -> None:
    commit = commit_of(repository)
    assert commit is not None
    assert commit.hash == git(repository, "rev-parse", "HEAD")
    assert (commit.branch, commit.dirty, commit.repository) == ("main", False, "")


def test_a_folder_inside_the_repository_has_the_same_commit(repository: Path) -> None:
    inner = repository / "notebooks"
    inner.mkdir()
    assert commit_of(inner) == commit_of(repository)


@pytest.mark.parametrize("staged", [False, True])
def test_changed_tracked_files_make_it_dirty(repository: Path, staged: bool) -> None:
    (repository / "model.py").write_text("depth = 4\n")
    if staged:
        git(repository, "add", "model.py")
    commit = commit_of(repository)
    assert commit is not None
    assert commit.dirty is True


def test_untracked_files_do_not_make_it_dirty(repository: Path) -> None:
    (repository / "notes.txt").touch()
    commit = commit_of(repository)
    assert commit is not None
    assert commit.dirty is False


def test_a_file_touched_without_change_is_not_dirty_and_the_index_is_left_alone(repository: Path) -> None:
    os.utime(repository / "model.py", (1, 1))
    before = (repository / ".git" / "index").read_bytes()
    commit = commit_of(repository)
    assert commit is not None
    assert commit.dirty is False
    assert (repository / ".git" / "index").read_bytes() == before


def test_a_detached_head_has_no_branch(repository: Path) -> None:
    git(repository, "checkout", "-q", "--detach")
    commit = commit_of(repository)
    assert commit is not None
    assert commit.branch == ""
    assert len(commit.hash) == 40


def test_a_worktree_has_its_own_branch(repository: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    git(repository, "worktree", "add", "-q", "-b", "experiment/one", str(tree))
    commit = commit_of(tree)
    assert commit is not None
    assert commit.branch == "experiment/one"


def test_the_origin_is_told_without_its_token(repository: Path) -> None:
    git(repository, "remote", "add", "origin", "https://ada:ghp_secret@example.org/lab/models.git")
    commit = commit_of(repository)
    assert commit is not None
    assert commit.repository == "https://example.org/lab/models.git"


def test_no_commit_where_none_was_made_yet(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert commit_of(tmp_path) is None


def test_no_commit_outside_of_a_repository(tmp_path: Path) -> None:
    assert commit_of(tmp_path) is None
    assert commit_of(tmp_path / "nowhere") is None
    assert commit_of("null\0byte") is None


def test_no_commit_in_gits_own_folder_or_a_bare_repository(repository: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(repository), str(bare))
    assert commit_of(repository / ".git") is None
    assert commit_of(bare) is None


def test_no_commit_when_git_does_not_trust_the_owner(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert commit_of(repository) is None


def test_no_commit_and_no_name_without_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert commit_of(repository) is None
    assert user_name() == ""


def test_a_repository_too_large_to_look_through_has_a_commit_and_an_unknown_state(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("git")
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(
        f'#!/bin/sh\nfor a in "$@"; do [ "$a" = status ] && exec sleep 30; done\nexec {real} "$@"\n'
    )
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    start = time.monotonic()
    commit = commit_of(repository, limit=0.2)
    assert time.monotonic() - start < 10
    assert commit is not None
    assert (commit.branch, commit.dirty) == ("main", None)
    assert commit.hash == git(repository, "rev-parse", "HEAD")


def test_a_commit_hook_that_calls_us_does_not_lead_to_its_own_repository(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    commit = commit_of(repository)
    assert commit is not None
    assert commit.dirty is False


def test_the_users_name_comes_from_gits_configuration(tmp_path: Path) -> None:
    (tmp_path / "gitconfig").write_text("[user]\n  name = Grace Höpper\n")
    assert user_name() == "Grace Höpper"


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://ghp_token@example.org/a/b.git", "https://example.org/a/b.git"),
        ("https://a@b.org:p@ss@example.org:8443/x", "https://example.org:8443/x"),
        ("https://example.org/a.git?access_token=t#f", "https://example.org/a.git"),
        ("ssh://git:pw@example.org/a", "ssh://git@example.org/a"),
        ("ssh://example.org/a", "ssh://example.org/a"),
        ("git@example.org:a/b.git", "git@example.org:a/b.git"),
        ("/srv/git/a.git", "/srv/git/a.git"),
        ("file:///srv/git/a.git", "file:///srv/git/a.git"),
        ("https://[bad/x", ""),
        ("", ""),
    ],
)
def test_addresses_are_told_without_secrets(url: str, public: str) -> None:
    assert public_url(url) == public
