"""The circumstances of a run, on this machine and on copies of others' system files."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from jupyter_client.manager import start_new_kernel

from provkg.capture import environment
from provkg.capture.environment import agent, describe_environment, hardware


def test_interpreter_and_platform_are_those_of_this_process() -> None:
    seen = describe_environment("ipykernel 7.4.0")
    assert seen.python.split("+")[0] == ".".join(map(str, sys.version_info[:3]))
    assert seen.implementation.lower() == sys.implementation.name
    assert seen.kernel == "ipykernel 7.4.0"
    assert os.uname().release in seen.platform
    assert seen.packages == ()


@pytest.mark.skipif(not Path("/etc/os-release").exists(), reason="no os-release file")
def test_the_platform_names_the_distribution() -> None:
    assert "PRETTY_NAME=" in Path("/etc/os-release").read_text(encoding="utf-8")
    line = next(
        line
        for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
        if line.startswith("PRETTY_NAME=")
    )
    assert line.partition("=")[2].strip("\"'") in describe_environment("").platform


def test_the_machine_is_measured_as_psutil_measures_it() -> None:
    psutil = pytest.importorskip("psutil")
    seen = hardware()
    assert seen.memory == psutil.virtual_memory().total
    assert seen.cores == psutil.cpu_count()
    assert seen.machine == os.uname().machine
    assert seen.processor


def test_no_environment_variable_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVKG_TEST_SECRET", "s3cret-5f1e")
    assert b"s3cret-5f1e" not in msgspec.json.encode(describe_environment("k"))


def _machine(root: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return str(root)


@pytest.mark.parametrize(
    ("cpuinfo", "processor"),
    [
        ("processor\t: 0\nmodel\t\t: 25\nmodel name\t: AMD EPYC 7763\nflags\t: fpu\n", "AMD EPYC 7763"),
        (
            "processor\t: 0\ncpu\t\t: POWER9, altivec supported\nclock\t: 3800MHz\n",
            "POWER9, altivec supported",
        ),
        ("system type : MIPS Malta\ncpu model\t\t: MIPS 24Kc V0.0\n", "MIPS 24Kc V0.0"),
    ],
)
def test_the_processor_is_named_by_its_model(tmp_path: Path, cpuinfo: str, processor: str) -> None:
    assert hardware(_machine(tmp_path, {"proc/cpuinfo": cpuinfo})).processor == processor


def test_without_a_model_name_the_processor_is_the_architecture(tmp_path: Path) -> None:
    arm = "processor\t: 0\nBogoMIPS\t: 243.75\nCPU implementer\t: 0x41\n"
    assert hardware(_machine(tmp_path, {"proc/cpuinfo": arm})).processor
    assert hardware(str(tmp_path / "no such machine")).processor


def test_accelerators_are_named_by_their_drivers(tmp_path: Path) -> None:
    card = "Model: \t\t NVIDIA A100-SXM4-80GB\nIRQ:   \t\t 42\nGPU UUID: \t GPU-0\n"
    root = _machine(
        tmp_path,
        {
            "proc/driver/nvidia/gpus/0000:00:04.0/information": card,
            "proc/driver/nvidia/gpus/0000:00:05.0/information": card,
            "sys/class/drm/card0/device/product_name": "AMD Instinct MI210\n",
            "sys/class/drm/card1/device/product_name": "\n",
        },
    )
    assert hardware(root).accelerators == (
        "NVIDIA A100-SXM4-80GB",
        "NVIDIA A100-SXM4-80GB",
        "AMD Instinct MI210",
    )


def test_the_agent_has_login_and_full_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gitconfig").write_text("[user]\n  name = Ada Lovelace\n", encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    monkeypatch.setenv("LOGNAME", "ada")
    assert (agent().user, agent().name) == ("ada", "Ada Lovelace")


def test_on_a_hub_the_hubs_user_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERHUB_USER", "grace")
    assert agent().user == "grace"


def test_the_agent_is_named_without_home_variables_or_user_entry(tmp_path: Path) -> None:
    uid = os.getuid() or 54321
    try:
        expected = pwd.getpwuid(uid).pw_name
    except KeyError:
        expected = f"uid-{uid}"
    script = (
        "import os\n"
        "from provkg.capture.environment import agent\n"
        f"if os.getuid() == 0: os.setuid({uid})\n"
        "print(agent().user)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.strip() == expected


def test_describing_the_environment_of_a_fresh_kernel_loads_nothing_heavy() -> None:
    folder = str(Path(environment.__file__).parents[2])
    code = (
        f"import json, sys; sys.path.insert(0, {folder!r})\n"
        "from provkg.capture.environment import describe_environment\n"
        "first = describe_environment('k')\n"
        "print(json.dumps([[m for m in ('asyncio.subprocess', 'rdflib',"
        " 'pyoxigraph', 'importlib.metadata', 'torch') if m in sys.modules], first.python]))"
    )
    manager, client = start_new_kernel()
    try:
        printed: list[str] = []
        client.execute_interactive(
            code,
            timeout=60,
            output_hook=lambda message: printed.append(message["content"].get("text", "")),
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    heavy, python = json.loads("".join(printed))
    assert python == describe_environment("k").python
    assert not {"rdflib", "pyoxigraph", "torch"} & set(heavy)
