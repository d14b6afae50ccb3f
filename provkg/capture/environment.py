"""The circumstances of a run: interpreter, platform, machine, and the person who ran it.

It runs once inside the user's kernel, so it reads a few small files and starts no process (but for git,
which `agent` asks for the user's name). No environment variable is recorded.
"""

from __future__ import annotations

import getpass
import glob
import importlib
import os
import platform
import sys
from collections.abc import Mapping
from typing import Any

from provkg.capture.git import user_name
from provkg.records import Agent, Environment, Hardware

__all__ = ["agent", "describe_environment", "describe_foreign", "hardware"]


def describe_environment(kernel: str) -> Environment:
    """The software and the machine that this process runs on.

    Parameters:
        kernel: name and version of the kernel implementation (``ipykernel 7.4.0``); empty for a script.

    ``packages`` is empty: what the user's code imports comes with the cells that import it.
    """
    return Environment(
        python=platform.python_version(),
        implementation=platform.python_implementation(),
        platform=_platform(),
        kernel=kernel,
        hardware=hardware(),
    )


def describe_foreign(info: Mapping[str, Any]) -> Environment:
    """The software that a kernel on this machine says it is, and the machine.

    Parameters:
        info: the content of its ``kernel_info_reply``.
    """
    language = info.get("language_info") or {}
    name, version = str(language.get("name", "")), str(language.get("version", ""))
    implementation = f"{info.get('implementation', '')} {info.get('implementation_version', '')}"
    return Environment(
        python=version if name == "python" else "",
        implementation="",
        platform=_platform(),
        kernel=implementation.strip(),
        hardware=hardware(),
        language=name,
        language_version=version,
    )


def hardware(root: str = "/") -> Hardware:
    """The machine: processor, logical cores, memory in bytes, and accelerators its drivers name.

    Parameters:
        root: where ``proc`` and ``sys`` are found; another machine's copy can be described too.
    """
    return Hardware(
        machine=platform.machine(),
        processor=_processor(root),
        cores=os.cpu_count(),
        memory=_memory(),
        accelerators=_accelerators(root),
    )


def agent() -> Agent:
    """The person at the keyboard: login name, and full name from git or the user database.

    On a JupyterHub, where everybody shares one system account, the hub's name for the user counts.
    """
    user = os.environ.get("JUPYTERHUB_USER") or _login()
    name = user_name() or _gecos()
    return Agent(user=user, name="" if name == user else name)


def _platform() -> str:
    kernel = platform.platform()
    try:
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']} ({kernel})"
    except (OSError, KeyError, ValueError):
        return kernel


def _processor(root: str) -> str:
    # The first block of the file describes the first core; a large machine's whole file is slow to make.
    for line in _head(os.path.join(root, "proc/cpuinfo")).splitlines():
        field, _, text = line.partition(":")
        if field.strip().lower() in ("model name", "cpu model", "cpu") and text.strip():
            return text.strip()
    if sys.platform == "darwin":
        return _brand_of_apple() or platform.processor()
    return platform.processor() or platform.machine()


def _brand_of_apple() -> str:
    import ctypes

    size = ctypes.c_size_t(256)
    brand = ctypes.create_string_buffer(size.value)
    failed = ctypes.CDLL(None).sysctlbyname(b"machdep.cpu.brand_string", brand, ctypes.byref(size), None, 0)
    return "" if failed else brand.value.decode("utf-8", "replace")


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        pass
    try:
        # Windows has no sysconf. A kernel has psutil, for ipykernel needs it.
        psutil: Any = importlib.import_module("psutil")
        return int(psutil.virtual_memory().total)
    except Exception:  # an optional library, which may be broken in any way
        return None


def _accelerators(root: str) -> tuple[str, ...]:
    names: list[str] = []
    for path in sorted(glob.glob(os.path.join(root, "proc/driver/nvidia/gpus/*/information"))):
        fields = (line.partition(":") for line in _head(path).splitlines())
        names += [text.strip() for field, _, text in fields if field.strip() == "Model"]
    for path in sorted(glob.glob(os.path.join(root, "sys/class/drm/card*/device/product_name"))):
        names += [_head(path).strip()]
    return tuple(name for name in names if name)


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no variable names the user and no entry either
        return f"uid-{os.getuid()}" if hasattr(os, "getuid") else "unknown"


def _gecos() -> str:
    try:
        import pwd

        entry = pwd.getpwuid(os.getuid())
    except (ImportError, KeyError, OSError):
        return ""
    # An ampersand in the first field stands for the login name, capitalised.
    return entry.pw_gecos.split(",")[0].replace("&", entry.pw_name.capitalize()).strip()


def _head(path: str, size: int = 4096) -> str:
    try:
        with open(path, "rb", buffering=0) as file:
            return (file.read(size) or b"").decode("utf-8", "replace")
    except OSError:
        return ""
