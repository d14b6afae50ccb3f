"""What a thing came from and what came of it, across runs: found in the store, drawn, and exchanged."""

from __future__ import annotations

from provkg.lineage.asked import asked
from provkg.lineage.exchange import to_prov
from provkg.lineage.graph import Lineage, Node, Step, readable
from provkg.lineage.pictures import to_dot, to_svg
from provkg.lineage.walk import trace

__all__ = ["Lineage", "Node", "Step", "asked", "readable", "to_dot", "to_prov", "to_svg", "trace"]
