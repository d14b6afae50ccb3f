"""Runs a script as Python itself would, recorded; `provkg.capture.launch` gives this file to the interpreter.

The script runs on top of this file's one frame. The file is called as it is because `warnings` passes over
frames whose file name holds ``importlib`` and ``_bootstrap``.
"""

import sys

loaded = frozenset(sys.modules)
if not sys.flags.safe_path:
    # The folder of this file: nothing in it may be taken for a top-level module.
    del sys.path[0]
try:
    from provkg.capture.script import Script
except ModuleNotFoundError as missing:
    sys.exit(
        f"provkg: {sys.executable} cannot record: {missing}.\n"
        "Install provkg for that Python (`python -m pip install provkg`), or choose another with --python."
    )
script = Script(sys.argv[1], sys.argv[2], sys.argv[3:], globals(), loaded)
try:
    script.execute(*script.operands)
except BaseException as error:
    script.raised(error)
    raise
