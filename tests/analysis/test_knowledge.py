"""The knowledge of library calls: the file, its schema, and that what it names exists."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import os
import time
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from provkg.analysis import analyse
from provkg.analysis import knowledge as module
from provkg.analysis.compile_knowledge import compiled
from provkg.analysis.knowledge import (
    CallMeaning,
    ClassMeaning,
    Deed,
    Knowledge,
    Parameter,
    knowledge,
)
from provkg.analysis.own_knowledge import read_knowledge
from provkg.errors import KnowledgeError

FOLDER = Path(module.__file__).parent
ENTRIES: list[dict[str, Any]] = json.loads((FOLDER / "knowledge.json").read_text())["call"]


def test_the_compiled_file_is_that_of_the_source() -> None:
    assert (FOLDER / "knowledge.json").read_bytes() == compiled(), (
        "python -m provkg.analysis.compile_knowledge"
    )


def test_the_schema_at_the_head_of_the_file_names_every_field() -> None:
    head = (FOLDER / "knowledge.toml").read_text().split("\nschema = 1")[0]
    for struct in (module.CallMeaning, module.ClassMeaning, module.MagicMeaning, module.Parameter):
        for field in struct.__struct_fields__:
            assert field in head, f"{struct.__name__}.{field}"
    for deed in Deed:
        assert deed.value in head


MISTAKES: dict[str, tuple[str | bytes, str, str]] = {
    "nothing": ("", "line 1: `schema` is missing.", "Begin the file with `schema = 1`."),
    "another schema": ("schema = 2", "line 1: `schema`: 2 is not allowed.", "Allowed: 1."),
    "a misspelt field": (
        'schema = 1\n\n[[call]]\nfunction = ["f"]',
        "line 4: `call[0]`: there is no `function`.",
        "Did you mean `functions`?",
    ),
    "an unknown table": ("schema = 1\n[calls]\n", "line 2: there is no `calls`.", "Did you mean `call`?"),
    "a deed that nobody knows": (
        'schema = 1\n[[call]]\nfunctions = ["f"]\n[[call]]\nfunctions = ["g"]\ndoes = ["guess"]',
        "line 6: `call[1].does[0]`: 'guess' is not allowed.",
        "Allowed: load, save, open,",
    ),
    "text for a list": (
        'schema = 1\n[[call]]\nfunctions = "f"',
        "line 3: `call[0].functions`: expected `array`, got `str`.",
        "Correct the value.",
    ),
    "a position that is no number": (
        'schema = 1\n[[call]]\nfunctions = ["f"]\npath = {position = "a"}',
        "line 4: `call[0].path.position`: expected `int`, got `str`.",
        "Correct the value.",
    ),
    "a role that nobody knows": (
        'schema = 1\n[[call]]\nfunctions = ["f"]\ndata = [{position = 0, role = "dat"}]',
        "line 4: `call[0].data[0].role`: 'dat' is not allowed.",
        "Allowed: data, target, truth, prediction, model, validation.",
    ),
    "a magic without a name": (
        "schema = 1\n[[magic]]\nline = 'code'",
        "line 2: `magic[0]`: `names` is missing.",
        "Add `names`.",
    ),
    "an alias that is no text": (
        "schema = 1\n[conventions]\na = 3",
        "line 2: `conventions[...]`: expected `str`, got `int`.",
        "Correct the value.",
    ),
    "no TOML": ("schema = 1\n[[call]\n", "line 2: not valid TOML:", "Correct that line."),
    "no text": (b"schema = 1 # \xff", "is not UTF-8 text: invalid start byte.", "Save it as UTF-8."),
    "an entry about nothing": (
        'schema = 1\n[[call]]\ndoes = ["load"]',
        "line 2: this [[call]] names no functions and no methods.",
        "Add `functions",
    ),
    "an entry that says nothing": (
        'schema = 1\n\n[[call]]\nfunctions = ["f"]',
        "line 3: this [[call]] says nothing of its functions.",
        "Add what they do",
    ),
    "a class without a name": (
        'schema = 1\n[[class]]\nclasses = []\nkind = "model"',
        "line 2: this [[class]] names no classes.",
        "Add `classes",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_an_own_file_is_told_with_its_line_and_a_remedy(tmp_path: Path, mistake: str) -> None:
    text, reason, remedy = MISTAKES[mistake]
    path = tmp_path / "own.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(KnowledgeError) as caught:
        read_knowledge(path)
    assert caught.value.message.startswith(str(path))
    assert reason in caught.value.message
    assert remedy in caught.value.remedy


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="No such file"):
        read_knowledge(tmp_path / "none.toml")


def test_a_file_of_the_users_own_adds_to_what_ships(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        'schema = 1\n[conventions]\nfd = "fastdata"\n'
        '[[call]]\nfunctions = ["fastdata.slurp"]\ndoes = ["load"]\n'
        'path = {position = 0}\n[[call]]\nmethods = ["absorb"]\nchanges_object = true\n'
    )
    own = read_knowledge(path)
    text = "df = fd.slurp('a.fd')\ndf.absorb(x)\nmodel.fit(df)"
    assert analyse(text, knowledge=own).changes == {"df", "model"}
    assert analyse(text).changes == {"model"}
    assert [meaning.does for meaning in own.of_call("fastdata.slurp", imported=True)] == [(Deed.LOAD,)]


def test_an_entry_says_something() -> None:
    for entry in ENTRIES:
        assert entry.keys() & {"functions", "methods"}
        assert entry.keys() & {"does", "changes", "changes_object", "returns", "makes"}


def test_no_function_or_method_is_entered_twice_with_the_same_meaning() -> None:
    for names in (knowledge().functions, knowledge().methods):
        for name, meanings in names.items():
            deeds = [deed for meaning in meanings for deed in meaning.does]
            assert len(deeds) == len(set(deeds)), name


def functions() -> Iterator[tuple[str, CallMeaning]]:
    for name, meanings in knowledge().functions.items():
        for meaning in meanings:
            yield name, meaning


def found(name: str) -> Any:
    """The object of a qualified name; None when its package cannot be imported here."""
    top, *rest = name.split(".")
    if not rest:
        return getattr(importlib.import_module("builtins"), name)
    if top == "object":
        return getattr(object, rest[0])
    if not importable(top):
        return None
    if "Halving" in name:
        importlib.import_module("sklearn.experimental.enable_halving_search_cv")
    parts = [top, *rest]
    for cut in range(len(parts) - 1, 0, -1):
        try:
            thing: Any = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            thing = getattr(thing, part)
        return thing
    raise AttributeError(name)


@cache
def importable(package: str) -> bool:
    if importlib.util.find_spec(package) is None:
        return False
    if package == "keras":
        os.environ.setdefault("KERAS_BACKEND", "torch")
    try:
        importlib.import_module(package)
    except ImportError:  # as keras without any of the libraries that it can work on
        return False
    return True


def parameters_of(name: str) -> list[inspect.Parameter] | None:
    """The parameters of a function, class or method, without its object; None without a signature."""
    thing = found(name)
    try:
        parameters = list(inspect.signature(thing).parameters.values())
    except ValueError:
        return None  # built into the interpreter without a signature
    own = found(name.rpartition(".")[0]) if name.count(".") > 1 else None
    return parameters[1:] if inspect.isclass(own) and inspect.isfunction(thing) else parameters


def check_parameters(name: str, named: Iterable[Parameter]) -> None:
    parameters = parameters_of(name)
    if parameters is None:
        return
    variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    keywords = any(p.kind is p.VAR_KEYWORD for p in parameters)
    for parameter in named:
        if parameter.keyword and not keywords:
            assert parameter.keyword in [p.name for p in parameters], name
        if parameter.position >= 0 and not variadic:
            place = parameters[parameter.position]
            assert place.kind is not place.KEYWORD_ONLY
            assert parameter.keyword in ("", place.name), name


INSTALLED = [
    (name, meaning)
    for name, meaning in functions()
    if importlib.util.find_spec(name.split(".")[0] if "." in name else "builtins") is not None
]
CLASSES = [
    (name, meaning)
    for name, meaning in knowledge().classes.items()
    if importlib.util.find_spec(name.split(".")[0]) is not None and name != "sklearn.preprocessing.Imputer"
]
"""All but those of earlier versions."""


@pytest.mark.parametrize(("name", "meaning"), INSTALLED, ids=[name for name, _ in INSTALLED])
def test_every_function_exists_and_has_the_parameters_that_are_named(name: str, meaning: CallMeaning) -> None:
    thing = found(name)
    if thing is None:
        pytest.skip("not installed here")
    assert callable(thing)
    named = [p for p in (meaning.path, meaning.mode, *meaning.data, *meaning.changes) if p is not None]
    check_parameters(name, named)


@pytest.mark.parametrize(("name", "meaning"), CLASSES, ids=[name for name, _ in CLASSES])
def test_every_class_exists_and_has_the_parameters_that_are_named(name: str, meaning: ClassMeaning) -> None:
    thing = found(name.removesuffix(".*"))
    if thing is None:
        pytest.skip("not installed here")
    if name.endswith(".*"):
        assert inspect.ismodule(thing)
        return
    assert inspect.isclass(thing)
    check_parameters(name, meaning.data)
    check_parameters(name, [Parameter(place, own) for place, own in enumerate(meaning.positional)])


def test_what_calls_make_is_a_known_class_or_a_table() -> None:
    made = {meaning.makes for _, meaning in functions() if meaning.makes}
    assert {name for name in made if knowledge().of_class(name) is None} == {
        "pandas.DataFrame",
        "polars.LazyFrame",
    }


def test_every_estimator_of_scikit_learn_is_known() -> None:
    known = {name.rpartition(".")[2]: meaning for name, meaning in CLASSES if name.startswith("sklearn.")}
    listed = importlib.import_module("sklearn.utils").all_estimators
    for kind, metric in (("classifier", "accuracy"), ("regressor", "r2"), ("cluster", "")):
        for name, _ in listed(type_filter=kind):
            assert (known[name].kind, known[name].metric) == ("model", metric), name
    for name, _ in listed():
        assert name in known or name == "FrozenEstimator"


def test_names_of_before_have_the_meaning_of_today() -> None:
    known = knowledge()
    assert known.present_name("tensorflow.keras.Model.fit") == "keras.Model.fit"
    assert known.of_function("sklearn.cross_validation.train_test_split")[0].pairs
    assert known.of_call("tensorflow.keras.datasets.mnist.load_data", imported=True)[0].does == (Deed.LOAD,)
    searched = known.of_class("sklearn.grid_search.GridSearchCV")
    assert searched is not None
    assert searched.kind == "search"


def test_methods_that_pandas_writes_with_exist() -> None:
    pandas = importlib.import_module("pandas")
    for name, meanings in knowledge().methods.items():
        if name.startswith("to_") and name != "to_device":
            parameters = inspect.signature(getattr(pandas.DataFrame, name)).parameters
            for meaning in meanings:
                if meaning.path is not None:
                    assert list(parameters)[meaning.path.position + 1] == meaning.path.keyword, name


def test_every_metric_and_data_set_of_scikit_learn_is_known() -> None:
    metrics = importlib.import_module("sklearn.metrics")
    suffixes = ("_score", "_error", "_loss", "_curve", "_report", "_matrix", "_deviance")
    for name in metrics.__all__:
        if (
            name.endswith(suffixes)
            and inspect.isfunction(getattr(metrics, name))
            and name != "consensus_score"
        ):
            assert f"sklearn.metrics.{name}" in knowledge().functions, name
    datasets = importlib.import_module("sklearn.datasets")
    for name in datasets.__all__:
        if name.startswith(("load_", "fetch_", "make_")) and name not in {
            "load_svmlight_files",
            "fetch_file",
        }:
            assert f"sklearn.datasets.{name}" in knowledge().functions, name


def test_a_kernel_decodes_the_knowledge_in_two_milliseconds() -> None:
    knowledge()
    times = []
    for _ in range(9):
        start = time.perf_counter()
        Knowledge(msgspec.json.decode((FOLDER / "knowledge.json").read_bytes(), type=module.KnowledgeFile))
        times.append(time.perf_counter() - start)
    assert min(times) < 0.002
