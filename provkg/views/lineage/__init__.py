"""What a thing came from and what came of it, across runs: found in the store, drawn, and exchanged."""

from __future__ import annotations

from provkg.views.lineage.asked import asked
from provkg.views.lineage.exchange import to_prov
from provkg.views.lineage.graph import Lineage, Node, Step, readable
from provkg.views.lineage.pictures import to_dot, to_svg
from provkg.views.lineage.walk import trace

__all__ = ["Lineage", "Node", "Step", "asked", "readable", "to_dot", "to_prov", "to_svg", "trace"]
