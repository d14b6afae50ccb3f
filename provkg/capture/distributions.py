"""Which installed distribution ships a module's file, found without reading every file list.

The standard library's ``packages_distributions()`` parses the metadata of all distributions before its
first answer. Here the distribution named like the module is asked first, and the file lists of one
folder are gone through once, as bytes, when that fails. Formats: the PyPA specifications "Recording
installed projects" and "Direct URL".
"""

from __future__ import annotations

import json
import os
import re
import sys
from urllib.parse import unquote, urlsplit

__all__ = ["Distribution", "Folder", "distribution_name", "owners_of"]

_METADATA = (".dist-info", ".egg-info")


def distribution_name(name: str) -> str:
    """The form in which names of distributions and modules compare equal.

    >>> distribution_name("Ruamel.yaml-clib")
    'ruamel_yaml_clib'
    """
    return re.sub(r"[-_.]+", "_", name).lower()


class Distribution:
    """An installed distribution, known by its metadata: a folder, or the one file distutils left.

    ``key`` is its name as `distribution_name` spells it.
    """

    def __init__(self, folder: str, entry: str) -> None:
        stem = os.path.basename(folder) if entry == "EGG-INFO" else entry.rpartition(".")[0]
        self.folder = folder
        self.path = os.path.join(folder, entry)
        self.key = distribution_name(stem.partition("-")[0])

    @property
    def installed(self) -> int:
        """When it was installed, in nanoseconds since the epoch; 0 when its metadata is gone."""
        try:
            return os.stat(self.path).st_mtime_ns
        except OSError:
            return 0

    def name_and_version(self) -> tuple[str, str]:
        """The published name and the version, each empty when the metadata does not say it."""
        head = self._read("METADATA") or self._read("PKG-INFO") or _content(self.path)
        found = {"name": "", "version": ""}
        for line in head.decode("utf-8", "replace").splitlines():
            field, colon, text = line.partition(":")
            if not colon:
                break
            if field.lower() in found:
                found[field.lower()] = text.strip()
                if all(found.values()):
                    break
        return found["name"], found["version"]

    def lists(self, file: str) -> bool:
        """Whether it ships a file, given relative to its folder and with forward slashes.

        Its file list decides; without one its list of top-level modules; without both its name.
        """
        record = self._read("RECORD")
        if record:
            line = os.fsencode(file) + b","
            return record.startswith(line) or b"\n" + line in record
        return _top(file) in self.tops()

    def tops(self) -> set[str]:
        """What its files and folders beside the metadata are called, without suffix."""
        record = self._read("RECORD")
        if record:
            return {_top(os.fsdecode(segment)) for segment in _first_segments(record)}
        return self.declared_tops() or {self.key}

    def declared_tops(self) -> set[str]:
        """The names in its ``top_level.txt``; empty when it has none."""
        return set(self._read("top_level.txt").decode("utf-8", "replace").split())

    def provides_editable(self, module: str, file: str) -> bool:
        """Whether it is an editable installation of the project that holds this file of ``module``.

        A project folder may hold more than the project's modules, such as the notebooks' own. Without
        a ``top_level.txt`` a module counts when it is called like the distribution, or lies in a
        source folder that the distribution put on the search path.
        """
        project = self._editable_project()
        if not project or not file.startswith(project + os.sep):
            return False
        top = module.partition(".")[0]
        if declared := self.declared_tops():
            return top in declared
        if distribution_name(top) == self.key:
            return True
        sources = (os.path.join(folder, "") for folder in self._path_entries() if folder != project)
        return any(file.startswith(folder) and _top(file[len(folder) :]) == top for folder in sources)

    def _editable_project(self) -> str:
        direct = self._read("direct_url.json")
        if b"editable" not in direct:
            return ""
        try:
            content = json.loads(direct)
            path = unquote(urlsplit(content["url"]).path) if content["dir_info"]["editable"] else ""
        except (ValueError, KeyError, AttributeError, TypeError):
            return ""
        # On Windows the path of a file URL has a slash before its drive.
        return os.path.realpath(path.lstrip("/") if os.name == "nt" else path) if path else ""

    def _path_entries(self) -> list[str]:
        names = (os.fsdecode(line.split(b",", 1)[0]) for line in self._read("RECORD").split(b"\n"))
        lines: list[str] = []
        for name in names:
            if name.endswith(".pth"):
                lines += os.fsdecode(_content(os.path.join(self.folder, name))).splitlines()
        return [os.path.realpath(line) for line in lines if line.strip() and not line.startswith("import")]

    def _read(self, name: str) -> bytes:
        return _content(os.path.join(self.path, name))


_OTHER_NAMES = {
    "bs4": "beautifulsoup4",
    "cv2": "opencv_python",
    "dateutil": "python_dateutil",
    "mpl_toolkits": "matplotlib",
    "PIL": "pillow",
    "skimage": "scikit_image",
    "sklearn": "scikit_learn",
    "yaml": "pyyaml",
}
"""Distributions to look into first for modules that are called otherwise; their file lists still decide."""


class Folder:
    """A folder on the module search path, with the distributions installed in it.

    It is a picture of the folder at one time: `owners_of` takes a new one when the folder has changed.
    """

    def __init__(self, path: str) -> None:
        self.distributions = [Distribution(path, entry) for entry in _metadata_entries(path)]
        self._by_top: dict[str, list[Distribution]] | None = None

    def owners(self, file: str) -> list[Distribution]:
        """The distributions that ship a file, given relative to the folder with forward slashes."""
        top = _top(file)
        keys = {distribution_name(top), _OTHER_NAMES.get(top, "")}
        namesake = [one for one in self.distributions if one.key in keys and one.lists(file)]
        return namesake or [one for one in self._tops().get(top, ()) if one.lists(file)]

    def _tops(self) -> dict[str, list[Distribution]]:
        if self._by_top is None:
            self._by_top = {}
            for one in self.distributions:
                for top in one.tops():
                    self._by_top.setdefault(top, []).append(one)
        return self._by_top


_folders: dict[str, tuple[int, Folder]] = {}


def owners_of(module: str, file: str) -> list[Distribution]:
    """The distributions that ship a module's file: none, one, or several that overwrite each other.

    Of several installations of one distribution, only the latest counts.
    """
    file = os.path.abspath(file)
    folders = sorted({os.path.abspath(entry) for entry in sys.path}, key=len, reverse=True)
    owners: list[Distribution] = []
    for path in folders:
        if file.startswith(path + os.sep):
            owners = _folder(path).owners(file[len(path) + 1 :].replace(os.sep, "/"))
            break
    if not owners:
        real = os.path.realpath(file)
        installed = (one for path in folders for one in _folder(path).distributions)
        owners = [one for one in installed if one.provides_editable(module, real)]
    latest: dict[str, Distribution] = {}
    for one in sorted(owners, key=lambda owner: owner.installed):
        latest[one.key] = one
    return list(latest.values())


def _folder(path: str) -> Folder:
    try:
        changed = os.stat(path).st_mtime_ns
    except OSError:
        changed = 0
    known = _folders.get(path)
    if known is None or known[0] != changed:
        known = _folders[path] = (changed, Folder(path))
    return known[1]


def _metadata_entries(path: str) -> list[str]:
    try:
        entries = os.listdir(path)
    except OSError:
        return []
    # pip leaves what it could not uninstall under a name that begins with a tilde.
    return [
        entry
        for entry in entries
        if (entry.endswith(_METADATA) or entry == "EGG-INFO") and not entry.startswith("~")
    ]


def _top(file: str) -> str:
    return file.partition("/")[0].partition(os.sep)[0].partition(".")[0]


def _first_segments(record: bytes) -> set[bytes]:
    """What the lines of a file list begin with, up to the first slash or comma."""
    found: set[bytes] = set()
    start, end = 0, len(record)
    while start < end:
        line_end = record.find(b"\n", start)
        line = record[start : line_end if line_end != -1 else end]
        segment = line.partition(b",")[0].partition(b"/")[0]
        found.add(segment)
        inside = b"\n" + segment + b"/"
        last = max(record.rfind(inside, start), start)
        # The files of one folder stand together as a rule, and then its lines are passed over at once.
        if record.count(inside, start, last + len(inside)) < record.count(b"\n", start, last + 1):
            return {line.partition(b",")[0].partition(b"/")[0] for line in record.split(b"\n")}
        start = record.find(b"\n", last + 1) + 1 or end
    return found


def _content(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""
