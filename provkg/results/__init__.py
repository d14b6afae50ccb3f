"""Answers of queries as values, and their forms: table, JSON, CSV, TSV, data frame, Turtle, N-Triples."""

from __future__ import annotations

from provkg.results.formats import (
    FORMATS,
    render,
    series,
    to_csv,
    to_frame,
    to_json,
    to_ntriples,
    to_tsv,
    to_turtle,
)
from provkg.results.names import ShortNames
from provkg.results.shown import Table
from provkg.results.table import to_table
from provkg.results.values import Result, Solutions, Term, Triples, Truth, collect, to_python

__all__ = [
    "FORMATS",
    "Result",
    "ShortNames",
    "Solutions",
    "Table",
    "Term",
    "Triples",
    "Truth",
    "collect",
    "render",
    "series",
    "to_csv",
    "to_frame",
    "to_json",
    "to_ntriples",
    "to_python",
    "to_table",
    "to_tsv",
    "to_turtle",
]
