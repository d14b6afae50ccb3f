"""What the store knows over all runs: of cells, variables, files, packages, environments and commits."""

from __future__ import annotations

from provkg.views.histories.cells import cell_card, cell_place
from provkg.views.histories.files import with_history
from provkg.views.histories.packages import package_card
from provkg.views.histories.surroundings import commit_card, environment_card
from provkg.views.histories.variables import variable_card

__all__ = [
    "cell_card",
    "cell_place",
    "commit_card",
    "environment_card",
    "package_card",
    "variable_card",
    "with_history",
]
