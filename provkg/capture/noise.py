"""Which of the files that a process opens are data, and which of those a setting leaves out.

Interpreter, packages, time zones, fonts, configuration and caches are opened by libraries for their own
needs. A file in such a place counts only where the user's own code opens it, or where it ships with the
package whose loader of data is at work.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import threading
from collections.abc import Callable, Mapping, Sequence
from fnmatch import translate
from types import FrameType
from typing import Any

from provkg.capture.gate import is_hidden

__all__ = ["LeftOut", "Noise"]

_CODE = (".py", ".pyc", ".pyi", ".so", ".pyd", ".dylib", ".dll", ".pth", ".egg-link")
_COMPILED = "/__pycache__/"  # also holds drafts of bytecode, which have other endings
_NEVER = ("/proc/", "/sys/")
_SYSTEM = (
    *("/etc/", "/usr/", "/lib/", "/lib64/", "/bin/", "/sbin/"),
    *("/var/lib/", "/run/user/", "/run/systemd/"),
)
_SHARED_MEMORY = "/dev/shm/"
_SCRATCH = ("joblib_memmapping_folder_", "pymp-", "sem.", "psm_", "torch_")
_OPENERS = frozenset(
    {
        "_compat_pickle",
        "_pyio",
        "bz2",
        "codecs",
        "configparser",
        "contextlib",
        "csv",
        "dbm",
        "fileinput",
        "gzip",
        "io",
        "json",
        "lzma",
        "pathlib",
        "pickle",
        "plistlib",
        "shelve",
        "shutil",
        "sqlite3",
        "tarfile",
        "tempfile",
        "tomllib",
        "wave",
        "xml",
        "zipfile",
    }
)
"""Modules of the standard library that open a file for whoever calls them."""
_RESOURCES = ("importlib.resources", "importlib.readers", "importlib._abc", "importlib.abc")
_SETTINGS = frozenset({"matplotlibrc", "pyproject.toml", "setup.cfg", "tox.ini", "pip.conf"})
_FOLDERS_BY_VARIABLE = (
    *("MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "IPYTHONDIR"),
    *("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "NUMBA_CACHE_DIR", "PYTHONPYCACHEPREFIX"),
)
"""Variables by which users say where libraries keep their settings and caches."""
_OPEN_OF_IPYTHON = "_modified_open"
_MAX_FRAMES = 40


class Noise:
    """Tells files that are not data from those that are.

    Parameters:
        ignored: folders whose files are never data, such as the home folder of provkg.
        namespace: the variables of the user's code.
    """

    def __init__(self, ignored: tuple[str, ...] = (), namespace: Mapping[str, Any] | None = None) -> None:
        self._at_work = threading.local()
        self.packages = _package_folders()
        self._ignored = (*_NEVER, *ignored)
        self._namespace = namespace
        self._project = os.getcwd() + os.sep
        prefixes = {os.path.join(prefix, "") for prefix in (sys.prefix, sys.base_prefix)}
        prefixes |= {
            os.path.join(os.environ[name], "") for name in _FOLDERS_BY_VARIABLE if os.environ.get(name)
        }
        self._system = (*_SYSTEM, *(each for each in prefixes if not self._project.startswith(each)))

    @property
    def loaders(self) -> list[str]:
        """The top-level modules whose loaders of data are at work in this thread, innermost last."""
        found: list[str] | None = getattr(self._at_work, "loaders", None)
        if found is None:
            found = self._at_work.loaders = []
        return found

    def is_noise(self, path: str) -> bool:
        """Whether a file that is just being opened is not data.

        Parameters:
            path: absolute.
        """
        if path.startswith(self._ignored) or "/zoneinfo/" in path:
            return True
        if path.startswith("/dev/"):
            return not path.startswith(_SHARED_MEMORY) or path[len(_SHARED_MEMORY) :].startswith(_SCRATCH)
        if path.endswith(_CODE) or _COMPILED in path:
            return not self._opened_by_user(frozenset({"pathlib", "io", "_pyio"}))
        package = self.module_of(path)
        if package:
            loaded = package in self.loaders and not _tells_about_data(path)
            return not loaded and not self._opened_by_user(_OPENERS)
        if path.startswith(self._system) or self._is_setting(path):
            return not self._opened_by_user(_OPENERS)
        return False

    def module_of(self, path: str) -> str:
        """The top-level module in whose folder an installed file is; empty for files of the user's."""
        for folder in self.packages:
            if path.startswith(folder):
                return path[len(folder) :].partition(os.sep)[0]
        return ""

    def is_packaged(self, path: str) -> bool:
        """Whether a file belongs to the interpreter or an installed package."""
        return path.startswith((*self.packages, "<frozen"))

    def _is_setting(self, path: str) -> bool:
        """Whether a file is hidden, or of a name that libraries give to their configuration."""
        below = path.removeprefix(self._project)
        return "/." in f"/{below}" or os.path.basename(path) in _SETTINGS

    def _opened_by_user(self, openers: frozenset[str]) -> bool:
        """Whether the user's own code opens the file at work, itself or through modules that open files."""
        frame: FrameType | None = sys._getframe(2)
        for _ in range(_MAX_FRAMES):
            if frame is None:
                return False
            scope = frame.f_globals
            if scope is self._namespace:
                return True
            name = scope.get("__name__")
            module = name if type(name) is str else ""
            if not (
                module.startswith("provkg.")
                or frame.f_code.co_name == _OPEN_OF_IPYTHON
                or is_hidden(frame.f_code)
                or module.partition(".")[0] in openers
                or module.startswith(_RESOURCES)
            ):
                return not self._is_library(frame.f_code.co_filename, scope)
            frame = frame.f_back
        return False

    def _is_library(self, file: str, scope: dict[str, Any]) -> bool:
        # Code that was made from a text has no file of its own: its module's counts.
        where = scope.get("__file__", "<frozen") if file.startswith("<") else file
        return type(where) is not str or self.is_packaged(where)


def _tells_about_data(path: str) -> bool:
    """Whether a file in a package describes data for people, and holds none."""
    name = os.path.basename(path)
    return name.endswith((".rst", ".md")) or name.upper().startswith(("README", "LICENSE"))


class LeftOut:
    """Tells which paths and addresses a setting leaves out of the record.

    Parameters:
        patterns: as in shells, but ``*`` also stands for ``/``. One that begins with neither ``/`` nor ``~``
            nor ``*`` holds in any folder. What is in a folder that matches is left out with it.
    """

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self._matches: list[Callable[[str], Any]] = []
        for pattern in patterns:
            text = os.path.expanduser(pattern).rstrip("/")
            if text and "://" not in text and not text.startswith(("/", "*")):
                text = f"*/{text}"
            if text:
                self._matches += [re.compile(translate(one)).match for one in (text, f"{text}/*")]

    def __contains__(self, place: str) -> bool:
        if not self._matches:
            return False
        places = {place} if "://" in place else {place, os.path.realpath(place)}
        return any(match(one) for match in self._matches for one in places)


def _package_folders() -> tuple[str, ...]:
    paths = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    paths |= {path for path in sys.path if path.endswith(("site-packages", "dist-packages"))}
    return tuple(sorted((path + os.sep for path in paths if path), key=len, reverse=True))
