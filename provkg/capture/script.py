"""The process of a script that is recorded: made as Python would make it, and told of when it ends."""

from __future__ import annotations

import atexit
import gc
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.machinery import PathFinder, SourceFileLoader
from types import ModuleType, TracebackType
from typing import Any, NoReturn
from zipimport import ZipImportError, zipimporter

import msgspec

from provkg.capture.ending import ending_of
from provkg.capture.launch import Order
from provkg.capture.outputs import error_of
from provkg.capture.parameters import written_parameters
from provkg.capture.recording import Recording
from provkg.capture.tracebacks import without_hooks
from provkg.config import find_home
from provkg.records import Code, CodeKind, Error, RunKind, Status

__all__ = ["Script"]

_VIEW = "import sys; from provkg.cli.run import print_summary; print_summary(*sys.argv[1:])"
_MAX_ANALYSED = 500_000
"""Characters; the analysis takes about a second for so many."""
_SHARED = ("__annotations__", "__builtins__")
"""What Python gives to every module `__main__` besides what every module has."""


class Script:
    """The script of this process.

    ``execute(*operands)`` runs it; where it cannot be run, Python itself is left to say so.

    Parameters:
        order: an `Order` as JSON.
        home: the home folder.
        command: the script's path or module, and its arguments.
        bootstrap: the variables that Python gave to the file it runs.
        loaded: the modules that were loaded before capture.
    """

    def __init__(
        self, order: str, home: str, command: list[str], bootstrap: dict[str, Any], loaded: frozenset[str]
    ) -> None:
        self._order, self._home = msgspec.json.decode(order, type=Order), home
        self._target, self._arguments = command[0], command[1:]
        self._environment, self._folder = dict(os.environ), os.getcwd()
        self._status, self._document = Status.SUCCEEDED, ""
        self._error: Error | None = None
        self._recording: Recording | None = None
        self.execute: Callable[..., Any] = exec
        self.operands: tuple[Any, ...] = ()
        main = ModuleType("__main__")
        main.__dict__.update({name: bootstrap[name] for name in _SHARED if name in bootstrap})
        sys.modules["__main__"] = main
        self._namespace = main.__dict__
        options = sys.orig_argv[1 : sys.orig_argv.index(bootstrap["__file__"])]
        named = ["-m", self._target] if self._order.module else [self._target]
        sys.orig_argv[1:] = [*options, *named, *self._arguments]
        if self._order.module:
            self._prepare_module()
        elif _is_program(self._target):
            self._prepare_program()
        else:
            self._prepare_file()
        with suppress(Exception):
            _make_room(loaded)

    # --- as Python does it (Modules/main.c) ---

    def _prepare_file(self) -> None:
        """``python train.py``."""
        sys.argv[:] = [self._target, *self._arguments]
        path = os.path.join(self._folder, self._target)
        self._search_first(os.path.dirname(os.path.realpath(path)))
        content = b""
        try:
            with open(path, "rb") as file:
                content = file.read()
            code = compile(content, path, "exec", dont_inherit=True)
        except Exception as error:  # also of the recursion limit, or of memory
            self._refuse(path, content, error)
        self._namespace.update(__file__=path, __cached__=None, __loader__=SourceFileLoader("__main__", path))
        self.operands = code, self._namespace
        self._watch()
        self._begin(path, lambda: content)

    def _prepare_module(self) -> None:
        """``python -m package.train``."""
        sys.argv[:] = ["-m", *self._arguments]
        self._search_first(self._folder)
        self._use_runpy(self._target, True)

    def _prepare_program(self) -> None:
        """``python folder`` or ``python program.pyz``: the module `__main__` in there."""
        sys.argv[:] = [self._target, *self._arguments]
        sys.path.insert(0, os.path.join(self._folder, self._target))
        self._use_runpy("__main__", False)

    def _search_first(self, folder: str) -> None:
        if not sys.flags.safe_path:
            sys.path.insert(0, folder)

    def _use_runpy(self, module: str, alter_argv: bool) -> None:
        import runpy

        internals: Any = runpy
        find = internals._get_module_details

        def find_and_begin(*arguments: Any) -> Any:
            internals._get_module_details = find
            name, spec, code = find(*arguments)
            self._begin(code.co_filename, lambda: spec.loader.get_data(spec.origin))
            return name, spec, code

        self._watch()
        internals._get_module_details = find_and_begin
        self.execute, self.operands = internals._run_module_as_main, (module, alter_argv)

    def _refuse(self, path: str, content: bytes, error: Exception) -> NoReturn:
        """Record a file that cannot be run, and let Python say so in its own words, without a summary."""
        line = error.lineno if isinstance(error, SyntaxError) else None
        self._status, self._error = Status.FAILED, error_of(error, "", line)
        self._order = msgspec.structs.replace(self._order, viewer="")
        self._watch()
        self._begin(path, lambda: content)
        atexit.unregister(self._end)
        self._end()
        os.execv(sys.executable, sys.orig_argv)

    # --- recording ---

    def _watch(self) -> None:
        """Put capture in place."""
        try:
            home = find_home(path=self._home)
            recording = Recording(home, self._namespace, fresh=True, patience=0.0)
            recording.start()
            self._recording = recording
            atexit.register(self._end)
            os.register_at_fork(after_in_child=lambda: atexit.unregister(self._end))
        except Exception as error:
            _complain(error)

    def _begin(self, path: str, read: Callable[[], bytes]) -> None:
        """The code is about to run: its file name, and what the file holds."""
        if self._recording is None:
            return
        try:
            self._begin_run(self._recording, path, read())
        except Exception as error:
            _complain(error)

    def _begin_run(self, recording: Recording, path: str, content: bytes) -> None:
        document = os.path.realpath(path)
        recording.begin_run(
            RunKind.SCRIPT,
            "",
            Code(
                path=os.fsencode(document).decode("utf-8", "backslashreplace"),
                kind=CodeKind.SCRIPT,
                sha256=recording.put(content)[0],
                size=len(content),
            ),
            folder=os.path.dirname(document),
            command=self._order.command,
            parameters=written_parameters(self._arguments),
        )
        text = _text(content)
        self._document = recording.session.values.code.document = path
        recording.session.begin(text, text if len(text) <= _MAX_ANALYSED else "")
        if len(text) > _MAX_ANALYSED:
            recording.session.notice("script", f"text beyond {_MAX_ANALYSED} characters is not analysed")
        # What exists now is machinery: passing over it in full garbage collections saves time.
        gc.freeze()

    def raised(self, error: BaseException) -> None:
        """The script ends by an exception, which goes on to Python without the frames of capture."""
        shown = without_hooks(error.__traceback__)
        try:
            self._status, self._error = ending_of(error, shown, self._document)
        except Exception as failure:
            _complain(failure)
        if isinstance(error, SystemExit):
            return
        show = sys.excepthook

        def excepthook(
            kind: type[BaseException], value: BaseException, traceback: TracebackType | None
        ) -> None:
            sys.excepthook = show
            if value is error:
                value.__traceback__ = sys.last_traceback = traceback = shown
            try:
                show(kind, value, traceback)
            except BaseException as failure:
                entry = failure.__traceback__
                failure.__traceback__ = entry.tb_next if entry is not None else None
                raise

        sys.excepthook = excepthook

    def _end(self) -> None:
        """The process ends: nothing of the user's runs any more but finalizers, which need what is frozen."""
        gc.unfreeze()
        recording, self._recording = self._recording, None
        self._namespace, self.operands = {}, ()
        if recording is None:
            return
        try:
            if not recording.begun:  # there is no such module, or the import of its package failed
                recording.begin_run(RunKind.SCRIPT, "", None, command=self._order.command)
            recording.stop()
            interrupted = self._status is Status.INTERRUPTED
            recording.session.end(error=self._error, interrupted=interrupted)
            recording.session.finish(self._status, self._error)
            recording.close()
            if self._order.viewer:
                self._show(recording.run)
        except Exception as error:
            _complain(error)

    def _show(self, run: str) -> None:
        """Show the run's summary, behind all that the script wrote."""
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        command = [self._order.viewer, "-P", "-c", _VIEW, self._home, run]
        with suppress(OSError, KeyboardInterrupt):
            subprocess.run(
                command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=2,  # the standard output is the script's
                check=False,
            )


def _is_program(path: str) -> bool:
    """Whether Python would look for a module `__main__` in there."""
    if os.path.isdir(path):
        return True
    try:
        zipimporter(path)
    except ZipImportError:
        return False
    return True


def _text(content: bytes) -> str:
    """The text of a Python file."""
    if b"coding" in b"".join(content.splitlines(keepends=True)[:2]):
        from importlib.util import decode_source

        with suppress(SyntaxError, ValueError):
            return decode_source(content)
    text = content.decode("utf-8-sig", "backslashreplace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _make_room(loaded: frozenset[str]) -> None:
    """Unload what capture has loaded where the script's folder has a module of that name: it is the script's.

    Parameters:
        loaded: the modules that Python itself had loaded.
    """
    folder = sys.path[0]
    there = {entry.name.partition(".")[0] for entry in os.scandir(folder)}
    ours = {name.partition(".")[0] for name in sys.modules.keys() - loaded} - {"provkg", "__main__"}
    for name in ours & there:
        spec = PathFinder.find_spec(name, [folder])
        if spec is None or spec.origin in (None, getattr(sys.modules.get(name), "__file__", None)):
            continue
        for module in [each for each in sys.modules if each.partition(".")[0] == name]:
            del sys.modules[module]


def _complain(error: BaseException) -> None:
    print(f"provkg does not record this run: {error}", file=sys.__stderr__)
