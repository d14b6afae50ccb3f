"""Repeatable measurements; each module is run with ``python -m benchmarks.<name>``."""
