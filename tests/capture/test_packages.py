"""The packages a cell imports: told with the right name and version, cheaply, without the machinery's own."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

import pytest

from provkg.capture.distributions import owners_of
from provkg.capture.packages import PackageWatch
from provkg.records import Package

Install = Callable[..., Path]


@pytest.fixture(autouse=True)
def modules_left_as_found(tmp_path: Path) -> Iterator[None]:
    before = set(sys.modules)
    yield
    # Real libraries stay: numpy cannot be loaded twice.
    for name in set(sys.modules) - before:
        spec = sys.modules[name].__spec__
        if spec and str(tmp_path) in f"{spec.origin} {spec.submodule_search_locations}":
            del sys.modules[name]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.fixture
def install(site: Path) -> Install:
    """Writes a distribution as pip lays it out: its files, and a metadata folder with their list."""

    def write(name: str, number: str, *files: str, listed: bool = True, **metadata: str) -> Path:
        for file in files:
            path = site / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        info = site / f"{name.replace('-', '_')}-{number}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: {number}\n\nText\n")
        lines = [*files, f"{info.name}/METADATA", f"{info.name}/RECORD"]
        if listed:
            (info / "RECORD").write_text("".join(f"{line},sha256=x,0\n" for line in lines))
        for file, text in metadata.items():
            (info / file.replace("__", ".")).write_text(text)
        importlib.invalidate_caches()
        return info

    return write


def imported_by(code: str, *named: str) -> dict[str, list[str]]:
    """What a fresh interpreter's watch tells after ``code``: package name and version -> modules."""
    script = textwrap.dedent(
        f"""
        import json
        from provkg.capture.packages import PackageWatch
        watch = PackageWatch()
        {code}
        seen = watch.imported({list(named)!r})
        print(json.dumps({{f"{{p.name}} {{p.version}}": p.modules for p in seen.packages}}))
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    packages: dict[str, list[str]] = json.loads(done.stdout)
    return packages


def test_packages_bear_their_published_names_and_versions_and_bring_what_they_load() -> None:
    packages = imported_by("import json, sklearn.svm, PIL.Image, dateutil.parser")
    assert packages[f"scikit-learn {version('scikit-learn')}"] == ["sklearn"]
    assert packages[f"pillow {version('pillow')}"] == ["PIL"]
    assert packages[f"python-dateutil {version('python-dateutil')}"] == ["dateutil"]
    assert f"numpy {version('numpy')}" in packages


def test_inner_modules_that_compiled_code_registers_at_the_top_are_not_counted() -> None:
    packages = imported_by("import pandas, scipy.ndimage, scipy.sparse")
    assert packages[f"pandas {version('pandas')}"] == ["pandas"]
    assert packages[f"scipy {version('scipy')}"] == ["scipy"]


def test_what_the_machinery_loaded_counts_only_once_the_text_names_it() -> None:
    assert imported_by("import msgspec") == {}
    assert imported_by("import msgspec", "msgspec.json", "json", "nowhere") == {
        f"msgspec {version('msgspec')}": ["msgspec"]
    }


def test_each_package_is_told_once(install: Install) -> None:
    install("once", "1.0", "once_a.py", "once_b.py")
    watch = PackageWatch()
    importlib.import_module("once_a")
    assert watch.imported(["once_a"]).packages == (Package(name="once", version="1.0", modules=("once_a",)),)
    assert watch.imported(["once_a"]).packages == ()
    importlib.import_module("once_b")
    assert watch.imported().packages == (Package(name="once", version="1.0", modules=("once_b",)),)


def test_a_package_reimported_by_the_user_is_not_new(install: Install) -> None:
    install("again", "1.0", "again.py")
    watch = PackageWatch()
    importlib.import_module("again")
    watch.imported()
    del sys.modules["again"]
    importlib.import_module("again")
    assert watch.imported().packages == ()


def test_parts_of_a_namespace_package_belong_to_their_own_distributions(install: Install) -> None:
    install("proto-buffers", "4.1", "corp/protobuf/__init__.py", "corp/protobuf/message.py")
    install("corp-cloud-storage", "2.0", "corp/cloud/storage/__init__.py")
    watch = PackageWatch()
    importlib.import_module("corp.protobuf.message")
    assert watch.imported().packages == (
        Package(name="proto-buffers", version="4.1", modules=("corp.protobuf",)),
    )
    later = PackageWatch()
    importlib.import_module("corp.cloud.storage")
    for one in (watch, later):
        (package,) = one.imported().packages
        assert (package.name, package.modules) == ("corp-cloud-storage", ("corp.cloud.storage",))
    assert watch.package_of("corp") is None
    assert watch.package_of("corp.protobuf.message") == Package(
        name="proto-buffers", version="4.1", modules=("corp.protobuf",)
    )


def test_a_namespace_that_every_distribution_marks_with_the_same_file_is_divided_too(
    install: Install,
) -> None:
    shared = "shared/__init__.py"
    install("shared-one", "1.0", shared, "shared/one.py")
    install("shared-two", "2.0", shared, "shared/two.py")
    watch = PackageWatch()
    importlib.import_module("shared.two")
    (package,) = watch.imported().packages
    assert (package.name, package.modules) == ("shared-two", ("shared.two",))


def test_of_two_distributions_with_the_same_files_the_later_one_counts(install: Install) -> None:
    files = ("vision/__init__.py", "vision/native.py")
    first = install("vision-headless", "4.1", *files)
    install("vision-python", "4.2", *files)
    os.utime(first, ns=(0, 0))
    watch = PackageWatch()
    importlib.import_module("vision.native")
    assert [package.name for package in watch.imported().packages] == ["vision-python"]
    assert watch.package_of("vision") == Package(name="vision-python", version="4.2", modules=("vision",))


def test_of_two_versions_left_behind_the_later_installed_counts(install: Install) -> None:
    stale = install("renewed", "1.0", "renewed.py")
    install("renewed", "2.0", "renewed.py")
    os.utime(stale, ns=(0, 0))
    found = PackageWatch().package_of("renewed")
    assert found is not None
    assert found.version == "2.0"


def test_a_package_installed_in_the_middle_of_a_session_is_found(install: Install) -> None:
    watch = PackageWatch()
    assert watch.package_of("late") is None
    install("late-arrival", "0.3", "late/__init__.py")
    found = watch.package_of("late")
    assert found == Package(name="late-arrival", version="0.3", modules=("late",))
    assert "late" not in sys.modules


def test_a_distribution_named_like_the_module_that_does_not_ship_it_is_passed_over(install: Install) -> None:
    install("lookalike", "1.0", "other.py")
    install("the-real-one", "2.0", "lookalike.py")
    found = PackageWatch().package_of("lookalike")
    assert found is not None
    assert found.name == "the-real-one"


def test_without_a_list_of_files_the_list_of_modules_decides_then_the_name(
    install: Install, site: Path
) -> None:
    install("system-yaml", "5.4", "yamlish/__init__.py", listed=False, top_level__txt="yamlish\n_yamlish\n")
    (site / "Bare-1.2-py3.egg-info").write_text("Metadata-Version: 1.0\nName: Bare\nVersion: 1.2\n")
    (site / "bare.py").touch()
    watch = PackageWatch()
    importlib.import_module("yamlish")
    importlib.import_module("bare")
    assert watch.imported().packages == (
        Package(name="Bare", version="1.2", modules=("bare",)),
        Package(name="system-yaml", version="5.4", modules=("yamlish",)),
    )


def test_the_users_own_modules_have_files_and_no_package(site: Path, tmp_path: Path) -> None:
    (site / "preparation.py").touch()
    (site / "steps").mkdir()
    (site / "steps" / "__init__.py").touch()
    (site / "steps" / "clean.py").touch()
    (site / "loose").mkdir()
    (site / "loose" / "part.py").touch()
    watch = PackageWatch()
    for name in ("preparation", "steps", "loose.part"):
        importlib.import_module(name)
    seen = watch.imported(["preparation"])
    files = ["preparation.py", "steps/__init__.py", "loose/part.py"]
    assert seen == ((), tuple(str(site / file) for file in files))
    importlib.import_module("steps.clean")
    assert watch.imported().files == (str(site / "steps" / "clean.py"),)
    assert watch.package_of("steps.clean") is None


def _editable(site: Path, project: Path, pth: Path, *, name: str, top_level: str = "") -> None:
    info = site / f"{name}-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: {name}\nVersion: 0.1\n")
    (info / "RECORD").write_text(f"__editable__.{name}.pth,,\n{info.name}/METADATA,,\n")
    (site / f"__editable__.{name}.pth").write_text(f"import sys\n{pth}\n")
    (info / "direct_url.json").write_text(
        json.dumps({"url": project.as_uri(), "dir_info": {"editable": True}})
    )
    if top_level:
        (info / "top_level.txt").write_text(top_level)


@pytest.mark.parametrize(
    ("layout", "theirs"),
    [
        (("src", "my-project", ""), {"mine", "second"}),
        ((".", "mine", ""), {"mine"}),
        ((".", "my-project", "second\n"), {"second"}),
    ],
    ids=["source folder", "flat folder", "declared modules"],
)
def test_editable_installations_provide_their_project_and_not_what_lies_beside_it(
    site: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    layout: tuple[str, str, str],
    theirs: set[str],
) -> None:
    folder, name, top_level = layout
    project = tmp_path / "a project"
    source = (project / folder).resolve()
    source.mkdir(parents=True)
    modules = {"mine", "second"}
    for module in modules:
        (source / f"{module}.py").touch()
    _editable(site, project, source, name=name, top_level=top_level)
    monkeypatch.syspath_prepend(str(source))
    watch = PackageWatch()
    for module in modules:
        importlib.import_module(module)
    seen = watch.imported()
    assert {module for package in seen.packages for module in package.modules} == theirs
    assert {package.name for package in seen.packages} == {name}
    assert {Path(file).stem for file in seen.files} == modules - theirs


def test_the_watch_runs_no_code_of_modules_that_load_themselves_lazily(
    install: Install, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("lazy", "1.0", "lazy.py")
    (site / "lazy.py").write_text("raise AssertionError('loaded by the watch')\n")
    watch = PackageWatch()
    spec = importlib.util.find_spec("lazy")
    assert spec is not None
    assert spec.loader is not None
    loader = importlib.util.LazyLoader(spec.loader)
    spec.loader = loader
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "lazy", module)
        assert [package.name for package in watch.imported().packages] == ["lazy"]


def test_no_finder_of_somebody_elses_is_asked_for_a_module_that_is_not_loaded(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Finder:
        asked: ClassVar[list[str]] = []

        @classmethod
        def find_spec(cls, name: str, path: object = None, target: object = None) -> None:
            cls.asked.append(name)

    install("unloaded", "1.0", "unloaded/__init__.py", "unloaded/part.py")
    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    found = PackageWatch().package_of("unloaded.part")
    assert found is not None
    assert found.name == "unloaded"
    assert Finder.asked == []


def test_anything_may_stand_among_the_modules(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        __slots__ = ()

        def __getattr__(self, name: str) -> object:
            raise RuntimeError(name)

    watch = PackageWatch()
    monkeypatch.setitem(sys.modules, "odd.none", None)
    monkeypatch.setitem(sys.modules, "odd_object", Broken())
    monkeypatch.setitem(sys.modules, "", None)
    install("sound", "1.0", "sound.py")
    importlib.import_module("sound")
    assert [package.name for package in watch.imported(["odd_object", "odd.none"]).packages] == ["sound"]
    assert watch.package_of("..") is None
    assert watch.package_of("") is None


@pytest.mark.parametrize("module", ["json", "os.path", "__main__", "no_such_module", "xml.etree.ElementTree"])
def test_the_standard_library_and_what_is_not_installed_have_no_package(module: str) -> None:
    assert PackageWatch().package_of(module) is None


def test_every_installed_top_level_module_is_given_to_a_distribution_that_claims_it() -> None:
    from importlib.metadata import packages_distributions

    watch = PackageWatch()
    expected = packages_distributions()
    for module in (
        "sklearn",
        "pandas",
        "numpy",
        "matplotlib",
        "joblib",
        "IPython",
        "_pytest",
        "mpl_toolkits",
    ):
        package = watch.package_of(module)
        if module == "mpl_toolkits":
            assert package is None
        else:
            assert package is not None
            assert package.name in expected[module]
            assert package.version == version(package.name)


def test_the_file_list_is_matched_by_whole_paths(install: Install, site: Path) -> None:
    install("longer", "1.0", "sub/short.py", "shorter.py")
    (site / "short.py").touch()
    assert owners_of("short", str(site / "short.py")) == []


def test_a_cell_that_imports_nothing_costs_next_to_nothing() -> None:
    watch = PackageWatch()
    importlib.import_module("sklearn.svm")
    watch.imported()
    costs = []
    for _ in range(50):
        start = time.process_time()
        watch.imported(["sklearn.svm", "numpy"])
        costs.append(time.process_time() - start)
    assert min(costs) < 0.000_2
