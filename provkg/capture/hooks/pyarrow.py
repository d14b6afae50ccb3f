"""Hooks on pyarrow: files read and written, also by its readers and writers, and tables given to pandas.

Its tables are of a class that cannot be hooked: what their own methods make is found by the source text.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.known import known_class
from provkg.capture.hooks.loading import Loading, Saving, argument, sources_named
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.sources import sources_in
from provkg.capture.hooks.wrap import follow, listen, step
from provkg.capture.kinds import kind_of
from provkg.capture.targets import named_path
from provkg.records import FileMode

__all__ = ["AFTER_IMPORT"]

Begin = Callable[[tuple[Any, ...], dict[str, Any]], Any]


def _loading(label: str, *names: str) -> Begin:
    return Loading.of(f"pyarrow.{label}", "pyarrow", names=names)


def _saving(label: str, value: str, *names: str) -> Begin:
    return Saving.of(f"pyarrow.{label}", "pyarrow", value_names=(value,), names=names, unseen=True)


def _patch(functions: dict[str, Begin]) -> AfterImport:
    def hook(module: ModuleType) -> None:
        for name, begin in functions.items():
            replace(module, name, partial(step, begin=begin))

    return hook


def _patch_parquet(module: ModuleType) -> None:
    reader: Any = known_class(module, "ParquetFile", "read")
    writer: Any = known_class(module, "ParquetWriter", "write_table")
    dataset: Any = known_class(module, "ParquetDataset", "read")
    functions = {
        "read_table": _loading("parquet.read_table", "source"),
        "read_pandas": _loading("parquet.read_pandas", "source"),
        "write_table": _saving("parquet.write_table", "table", "where"),
        "write_to_dataset": _saving("parquet.write_to_dataset", "table", "root_path"),
    }
    for name, begin in functions.items():
        replace(module, name, partial(step, begin=begin))
    replace(reader, "__init__", partial(follow, observe=_opened))
    for name in ("read", "read_row_group", "read_row_groups"):
        replace(reader, name, partial(step, begin=_loading(f"parquet.ParquetFile.{name}")))
    replace(writer, "__init__", partial(follow, observe=_writer_opened))
    for name in ("write", "write_table", "write_batch"):
        replace(writer, name, partial(step, begin=_writing(f"pyarrow.parquet.ParquetWriter.{name}")))
    replace(dataset, "__init__", partial(follow, observe=_opened))
    begin = _loading("parquet.ParquetDataset.read")
    replace(dataset, "read", lambda original: step(listen(original, _fragments_read), begin))


def _opened(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    session = gate.session
    if session is not None:
        source = argument(args, kwargs, 1, ("source", "path_or_paths"))
        session.files.holders.hold(args[0], sources_named(session, source))


def _writer_opened(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    session, path = gate.session, named_path(argument(args, kwargs, 1, ("where",)))
    if session is not None and path:
        session.files.opened(path, FileMode.WRITTEN)
        session.files.writers.put(args[0], path)


def _writing(label: str) -> Begin:
    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Saving | None:
        session = gate.session
        path = session.files.writers.of(args[0]) if session is not None else ""
        if session is None or not path:
            return None
        return Saving(session, label, "pyarrow", [*args[1:2], *kwargs.values()], path)

    return begin


def _fragments_read(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """Of a folder in parts, a filter on what names them may leave most unread."""
    session, dataset = gate.session, getattr(args[0], "_dataset", None)
    filesystem = getattr(dataset, "filesystem", None)
    if session is None or dataset is None or type(filesystem).__name__ != "LocalFileSystem":
        return
    for fragment in dataset.get_fragments(filter=args[0]._filter_expression):
        session.files.opened(named_path(fragment.path), FileMode.READ)


def _patch_pandas(module: ModuleType) -> None:
    replace(module, "table_to_dataframe", partial(follow, observe=_given_to_pandas))


def _given_to_pandas(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    session = gate.session
    if session is not None and kind_of(result) is not None:
        sources = tuple(sources_in(session, args[1:2], {}))
        session.values.tracker.derive(result, sources, "pyarrow.Table.to_pandas")


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {
    "pyarrow.csv": (
        _patch(
            {
                "read_csv": _loading("csv.read_csv", "input_file"),
                "open_csv": _loading("csv.open_csv", "input_file"),
                "write_csv": _saving("csv.write_csv", "data", "output_file"),
            }
        ),
    ),
    "pyarrow.dataset": (
        _patch(
            {
                "dataset": _loading("dataset.dataset", "source"),
                "parquet_dataset": _loading("dataset.parquet_dataset", "metadata_path"),
                "write_dataset": _saving("dataset.write_dataset", "data", "base_dir"),
            }
        ),
    ),
    "pyarrow.feather": (
        _patch(
            {
                "read_table": _loading("feather.read_table", "source"),
                "read_feather": _loading("feather.read_feather", "source"),
                "write_feather": _saving("feather.write_feather", "df", "dest"),
            }
        ),
    ),
    "pyarrow.json": (_patch({"read_json": _loading("json.read_json", "input_file")}),),
    "pyarrow.orc": (
        _patch(
            {
                "read_table": _loading("orc.read_table", "source"),
                "write_table": _saving("orc.write_table", "table", "where"),
            }
        ),
    ),
    "pyarrow.pandas_compat": (_patch_pandas,),
    "pyarrow.parquet.core": (_patch_parquet,),
}
