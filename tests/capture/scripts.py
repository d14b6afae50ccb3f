"""Scripts for tests, each a set of files: what Python makes of them, `provkg run` must make of them too."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["SCRIPTS", "Case"]


@dataclass(frozen=True)
class Case:
    """Files by name, and what stands behind ``python``: its options, and the script with its arguments."""

    files: dict[str, str | bytes]
    command: tuple[str, ...] = ("script.py",)
    options: tuple[str, ...] = ()
    stdin: str = ""
    environment: dict[str, str] = field(default_factory=dict)


def script(text: str | bytes, *arguments: str, **others: object) -> Case:
    return Case({"script.py": text}, ("script.py", *arguments), **others)  # type: ignore[arg-type]


_SELF = """
'''The module's text.'''
import os, sys, warnings
def show():
    print(__name__, __file__, __doc__, __package__, __spec__, __builtins__, type(__loader__), __loader__.path)
    print(sorted(globals()), sorted(vars(sys.modules["__main__"])) == sorted(globals()))
    print(sys.argv, sys.orig_argv, sys.path[0], os.getcwd(), sys.flags, sys.warnoptions, sys._xoptions)
    print(sorted(os.environ.items()), warnings.filters, sys.stdout.isatty(), sys.stdout.line_buffering)
    print(sys.excepthook, sys.displayhook, sys.stdin, type(sys.stdout), sys.stdout.name, sys.stderr.encoding)
x: undefined = 1 if False else 2
show()
""".replace("x: undefined", "x: int")

_ANNOTATED = """
def f(a: print("evaluated at once")): pass
match = 3
print(f.__annotations__, __annotations__)
"""

_FINALIZED = """
import pandas
class Held:
    def __init__(self, what):
        self.what = what
    def __del__(self):
        print("the end of", self.what, __name__, flush=True)
def use():
    return held
held = Held(pandas.DataFrame({"a": [1, 2]}).a.sum())
held.itself = held
"""

_FAILING = """
import sys
def inner():
    raise ValueError("inner")
def outer():
    try:
        inner()
    except ValueError as error:
        error.add_note("a note")
        raise RuntimeError("outer") from error
print("before", flush=True)
outer()
"""

_IN_LIBRARY = """
import pandas
import helper
helper.read("absent.csv")
"""

_HOOKS = """
import atexit, sys, threading, time
def hook(kind, value, traceback):
    names = []
    while traceback is not None:
        names.append(traceback.tb_frame.f_code.co_name)
        traceback = traceback.tb_next
    print("hook", kind.__name__, value, names, sys.excepthook is hook)
atexit.register(lambda: print("first registered", sys.last_value, sys.last_traceback.tb_frame.f_code.co_name))
atexit.register(print, "second registered")
sys.excepthook = hook
def late():
    time.sleep(0.1)
    print("thread ends")
threading.Thread(target=late).start()
def fail():
    1 / 0
fail()
"""

_THREADS = """
import threading
def fail():
    raise ValueError("in a thread")
thread = threading.Thread(target=fail, name="worker")
thread.start()
thread.join()
threading.Thread(target=lambda: exit(5)).start()
"""

_SIGNAL = """
import os, signal, sys, time
print(signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGPIPE))
def handle(number, frame):
    print("handled", number, frame.f_code.co_name, flush=True)
    if number == signal.SIGTERM:
        sys.exit(9)
if sys.argv[1] == "handled":
    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
sys.stdout.flush()
os.kill(os.getpid(), getattr(signal, sys.argv[2]))
time.sleep(0.2)
print("after")
"""

_STREAMS = """
import contextlib, io, os, sys
print("one", "two", sep="-", end="!\\n")
sys.stdout.write("written\\n")
sys.stdout.flush()
sys.stdout.buffer.write(b"bytes\\n")
sys.stdout.flush()
print("to the error stream", file=sys.stderr)
sys.stdout.writelines(["a\\n", "b\\n"])
with contextlib.redirect_stdout(io.StringIO()) as held:
    print("held")
print(repr(held.getvalue()))
sys.stdout.flush()
os.write(1, b"below\\n")
os.system("echo from a child")
print(input("prompt? "), sys.stdin.readline(), sys.stdin.read(), flush=True)
try:
    sys.stdout.write(1)
except TypeError as error:
    print(error)
sys.stdout = io.TextIOWrapper(sys.stdout.detach(), line_buffering=True)
print("detached")
sys.stderr.close()
"""

_PICKLED = """
import dataclasses, inspect, pickle, subprocess, sys
@dataclasses.dataclass
class Point:
    x: int
    def area(self):
        return self.x
if __name__ == "__main__":
    import __main__
    data = pickle.dumps([Point(3), Point.area, len])
    print(data, pickle.loads(data), __main__.Point is Point)
    print(inspect.getsource(Point.area), inspect.getfile(Point), inspect.getmodule(Point))
    command = [sys.executable, "-c", "import sys; print(sys.argv, sys.flags)", "a"]
    done = subprocess.run(command, capture_output=True)
    print(done.stdout)
"""

_POOLS = """
import concurrent.futures, multiprocessing, os, sys
class Task:
    def __init__(self, n): self.n = n
    def __call__(self): return self.n * 2
def double(task):
    return task(), __name__, sys.argv, os.path.basename(sys.modules["__main__"].__file__)
print("imported as", __name__, flush=True)
if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        with context.Pool(1) as pool:
            print(method, pool.map(double, [Task(1), Task(2)]), flush=True)
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
            print(list(pool.map(double, [Task(3)])), flush=True)
    process = context.Process(target=exit, args=(4,))
    process.start(); process.join()
    print(process.exitcode)
"""

_FORKED = """
import os, sys, atexit
atexit.register(lambda: print("leaving", os.getpid() == parent, flush=True))
parent = os.getpid()
child = os.fork()
if child == 0:
    print("child", flush=True)
    raise ValueError("of the child")
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
sys.exit(2)
"""

_WARNED = """
import warnings
def warn(level):
    warnings.warn(f"level {level}", UserWarning, stacklevel=level)
for level in (1, 2, 3, 4):
    warn(level)
assert (1, 2)[0] is 1
"""

_UNITTEST = """
import unittest
class Test(unittest.TestCase):
    def test(self):
        self.assertEqual(1, 1)
unittest.main(verbosity=0, argv=["script.py"])
"""

_PACKAGE: dict[str, str | bytes] = {
    "pkg/__init__.py": "print('package', __name__)",
    "pkg/shared.py": "import sys\nlr = sys.argv",
    "pkg/train.py": "from . import shared\nprint(__name__, __package__, __spec__, __file__, shared.lr)\n"
    + _SELF,
    "pkg/__main__.py": "from .shared import lr\nprint(__name__, __package__, lr)\nlr[:] = []\nlr[0]",
    "pkg/broken.py": "x = (",
    "bad/__init__.py": "print('once')\n1 / 0",
    "bad/train.py": "",
}

_SHADOWS = """
import platform, uuid, xxhash, msgspec
import json, subprocess
print(platform.system(), uuid.mine, xxhash.mine, msgspec.mine, json.dumps([1]))
"""

SCRIPTS: dict[str, Case] = {
    "its own names and place": script(_SELF, "--lr", "0.1", "-v", "--", "a b"),
    "options of the interpreter": script(_SELF, options=("-W", "error", "-X", "dev", "-O", "-B")),
    "variables of the environment": script(
        _SELF, environment={"PYTHONWARNINGS": "ignore", "PYTHONOPTIMIZE": "2", "PYTHONSAFEPATH": "1"}
    ),
    "names that are not UTF-8": Case(
        {"\udcff.py": "import sys\nprint(ascii(sys.argv), ascii(__file__))\n1 / 0"},
        ("\udcff.py", "--\udcfe=\udcfd"),
    ),
    "by another path": Case({"below/script.py": _SELF}, ("./below/../below/script.py", "x")),
    "what ends with the process": script(_FINALIZED),
    "annotations evaluated": script(_ANNOTATED),
    "nothing in it": script(""),
    "a number as exit code": script("import sys\nprint(1)\nsys.exit(3)"),
    "a message as exit code": script("import sys\nsys.exit('stopped: \\u00e9')"),
    "an exit that is fine": script("exit()"),
    "an odd exit code": script("raise SystemExit([1, 2])"),
    "an exit past all handlers": script("import os\nprint('gone', flush=True)\nos._exit(7)"),
    "an exception": script(_FAILING),
    "an exception in a module of the user's": Case(
        {
            "script.py": _IN_LIBRARY,
            "helper.py": "import pandas\n\n\ndef read(path):\n    pandas.read_csv(path)",
        }
    ),
    "hooks of the script's own": script(_HOOKS),
    "a hook that fails": script("import sys\nsys.excepthook = None\n1 / 0"),
    "exceptions in threads": script(_THREADS),
    "an interrupt": script(_SIGNAL, "unhandled", "SIGINT"),
    "an interrupt that is handled": script(_SIGNAL, "handled", "SIGINT"),
    "a termination": script(_SIGNAL, "unhandled", "SIGTERM"),
    "a termination that is handled": script(_SIGNAL, "handled", "SIGTERM"),
    "a crash": script(_SIGNAL, "unhandled", "SIGSEGV"),
    "recursion without end": script("def f():\n    return f()\nf()"),
    "streams": script(_STREAMS, stdin="first\nsecond\nthird\n"),
    "no standard output": script("import sys\nprint('x')\nsys.stdout.close()\nprint('y')"),
    "pickled classes": script(_PICKLED),
    "pools of processes": script(_POOLS),
    "a forked child": script(_FORKED),
    "warnings": script(_WARNED),
    "unit tests": script(_UNITTEST),
    "a relative import": script("from . import other"),
    "another encoding": script("# -*- coding: latin-1 -*-\nprint('\u00e9')".encode("latin-1")),
    "a byte order mark and other line ends": script(b"\xef\xbb\xbfprint(1)\r\nprint(__doc__)\r\n1 / 0\r\n"),
    "metadata in comments": script("# /// script\n# dependencies = ['rich']\n# ///\nprint(1)"),
    "no such file": Case({}, ("absent.py", "--lr", "1")),
    "a syntax error": script("x = 1\nfor x in\n    pass\n"),
    "an expression too deep to compile": script("x = " + "+".join(["1"] * 5000)),
    "a very long text": script("data = [\n" + "1,\n" * 300_000 + "]\nprint(len(data))\nabsent"),
    "indentation": script("if True:\n\tx = 1\n        y = 2\n"),
    "an unknown encoding": script("# coding: martian\n"),
    "bytes of another encoding": script(b"x = 1\ny = '\xff'\n"),
    "a null byte": script(b"x = 1\x00\n"),
    "a module": Case(_PACKAGE, ("-m", "pkg.train", "--lr", "1")),
    "a package": Case(_PACKAGE, ("-m", "pkg", "a")),
    "a module that does not parse": Case(_PACKAGE, ("-m", "pkg.broken")),
    "no such module": Case(_PACKAGE, ("-m", "pkg.absent")),
    "no such package": Case({}, ("-m", "absent.train")),
    "a package that fails": Case(_PACKAGE, ("-m", "bad.train")),
    "a folder": Case({"app/__main__.py": _SELF, "app/other.py": ""}, ("app", "1")),
    "a folder without a program": Case({"app/other.py": ""}, ("app",)),
    "modules named as those of others": Case(
        {
            "script.py": _SHADOWS,
            "platform.py": "def system(): return 'mine'",
            "uuid/__init__.py": "mine = 1",
            "xxhash.py": "mine = 2",
            "msgspec.py": "mine = 3",
            "json/data.txt": "no module",
        }
    ),
}
"""By what is special about each."""
