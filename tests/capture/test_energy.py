"""The energy that an execution's processors used, read from a machine's counters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provkg.capture.energy import Meter

if TYPE_CHECKING:
    from pathlib import Path


def counter(root: Path, zone: str, count: str, limit: str = "1000000000") -> Path:
    folder = root / "sys/class/powercap" / zone
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "max_energy_range_uj").write_text(limit)
    (folder / "energy_uj").write_text(count)
    return folder / "energy_uj"


def test_the_counters_of_all_packages_are_added_and_those_of_their_parts_are_not(tmp_path: Path) -> None:
    first = counter(tmp_path, "intel-rapl:0", "5000000\n")
    second = counter(tmp_path, "intel-rapl:1", "0\n")
    part = counter(tmp_path, "intel-rapl:0:0", "100\n")
    meter = Meter(str(tmp_path))
    first.write_text("7500000\n")
    second.write_text("250000\n")
    part.write_text("999999999\n")
    assert meter.joules() == 2.75


def test_a_counter_that_began_again_is_understood(tmp_path: Path) -> None:
    zone = counter(tmp_path, "intel-rapl:0", "9000000", limit="10000000")
    meter = Meter(str(tmp_path))
    zone.write_text("1000000")
    assert meter.joules() == 2.0


def test_nothing_is_told_where_there_is_no_counter_or_it_goes(tmp_path: Path) -> None:
    assert Meter(str(tmp_path / "none")).joules() is None
    zone = counter(tmp_path / "some", "intel-rapl:0", "1")
    meter = Meter(str(tmp_path / "some"))
    zone.unlink()
    assert meter.joules() is None


def test_nonsense_in_a_counter_is_passed_over(tmp_path: Path) -> None:
    counter(tmp_path, "intel-rapl:0", "many")
    assert Meter(str(tmp_path)).joules() is None
