from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from pyoxigraph import RdfFormat, parse

if TYPE_CHECKING:
    from pathlib import Path

    from provkg.config import Home
    from tests.cli.conftest import Command


def test_a_model_leads_to_its_data_and_their_file(provkg: Command, recorded: Home) -> None:
    done = provkg("lineage", "forest")
    first, *rest = done.out.splitlines()
    assert done.code == 0
    assert first.startswith("forest  ")
    assert any("penguins.csv  file" in line for line in rest)
    assert rest[-1].endswith("run")


def test_a_file_leads_downstream_to_models_and_results(provkg: Command, recorded: Home) -> None:
    told = json.loads(provkg("lineage", "penguins.csv", "-d", "-f", "json").out)
    kinds = {node["kind"] for node in told["nodes"]}
    assert {"file", "data", "model", "result"} <= kinds
    assert told["downstream"] is True
    ends = {node["iri"] for node in told["nodes"]}
    assert all({step["target"], step["source"]} <= ends for step in told["steps"])


def test_svg_dot_and_prov_are_written_where_asked(provkg: Command, recorded: Home, tmp_path: Path) -> None:
    assert provkg("lineage", "forest", "-f", "svg", "-o", str(tmp_path / "a.svg")).code == 0
    assert ET.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")
    assert provkg("lineage", "forest", "-f", "dot").out.startswith("digraph lineage {")
    turtle = provkg("lineage", "forest", "-f", "prov").out
    assert any(quad.predicate.value.endswith("wasDerivedFrom") for quad in parse(turtle, RdfFormat.TURTLE))


def test_a_file_that_cannot_be_written_is_told_in_one_line(
    provkg: Command, recorded: Home, tmp_path: Path
) -> None:
    done = provkg("lineage", "forest", "-f", "svg", "-o", str(tmp_path / "none" / "a.svg"))
    assert done.code == 2
    assert "Traceback" not in done.err
    assert "a.svg" in done.err


def test_a_thing_that_is_not_there_is_told_with_what_is_near(provkg: Command, recorded: Home) -> None:
    done = provkg("lineage", "forst")
    assert done.code == 2
    assert "forest" in done.err
