"""What git knows of a folder: the commit, whether tracked files have changed, and who the user is."""

from __future__ import annotations

import os
import subprocess
from urllib.parse import urlsplit, urlunsplit

from provkg.records import Commit

__all__ = ["commit_of", "public_url", "user_name"]

# A caller that git itself started (a commit hook) hands these down; they would point at its repository.
_OF_THE_CALLER = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")


def commit_of(folder: str | os.PathLike[str], limit: float = 2.0) -> Commit | None:
    """The commit that is checked out where a folder lies.

    None when git is not installed, refuses the repository (``safe.directory``), or there is no
    repository or no commit yet. ``dirty`` is None when looking through the tracked files takes longer
    than ``limit`` seconds. Nothing is written into the repository.
    """
    status = _git(folder, "status", "--porcelain=v2", "--branch", "--untracked-files=no", limit=limit)
    if status is not None:
        headers = _headers(status)
        commit, branch = headers.get("branch.oid", ""), headers.get("branch.head", "")
        dirty = any(not line.startswith("#") for line in status.splitlines())
    elif _git(folder, "rev-parse", "--is-inside-work-tree") == "true":
        commit = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD") or ""
        branch = _git(folder, "symbolic-ref", "--quiet", "--short", "HEAD") or ""
        dirty = None
    else:
        return None
    if not commit or commit == "(initial)":
        return None
    return Commit(
        hash=commit,
        branch="" if branch == "(detached)" else branch,
        dirty=dirty,
        repository=public_url(_git(folder, "config", "--get", "remote.origin.url") or ""),
    )


def user_name() -> str:
    """The full name in the user's git configuration, or nothing."""
    return _git(os.curdir, "config", "--get", "user.name") or ""


def public_url(url: str) -> str:
    """A repository's address without what may be a secret: user, password, token, query.

    The user of an SSH address stays, for it is part of the address and no secret.

    >>> public_url("https://me:s3cret@example.org/a/b.git?private_token=x")
    'https://example.org/a/b.git'
    >>> public_url("ssh://git:s3cret@example.org:2222/a/b.git")
    'ssh://git@example.org:2222/a/b.git'
    >>> public_url("git@example.org:a/b.git")
    'git@example.org:a/b.git'
    """
    if "://" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    credentials, at, host = parts.netloc.rpartition("@")
    if at and parts.scheme in ("ssh", "git+ssh"):
        host = f"{credentials.partition(':')[0]}@{host}"
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def _git(folder: str | os.PathLike[str], *arguments: str, limit: float = 2.0) -> str | None:
    """What a git command prints, or None when it fails or takes longer than ``limit`` seconds."""
    command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", os.fspath(folder)]
    surroundings = {name: text for name, text in os.environ.items() if name not in _OF_THE_CALLER}
    try:
        done = subprocess.run(
            [*command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=surroundings | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            timeout=limit,
            check=False,
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None


def _headers(status: str) -> dict[str, str]:
    """The ``# key value`` lines of git's status in porcelain version 2."""
    lines = (line[2:].partition(" ") for line in status.splitlines() if line.startswith("# "))
    return {key: text for key, _, text in lines}
