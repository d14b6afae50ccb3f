# `make` alone says what there is to do. Everything happens in .venv, which is made when it is missing.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
    command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
    && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
DEMO := demo

.PHONY: help demo test test-large check lint types docs docs-check transcripts bench format clean
.DEFAULT_GOAL := help

help:
	@echo "make demo         run an example notebook and ask about it"
	@echo "make test         run the tests"
	@echo "make test-large   run the tests of capture with libraries that are too large for every run"
	@echo "make check        everything CI runs: style, types, documentation, tests"
	@echo "make docs         write the generated reference pages"
	@echo "make transcripts  run the commands that README and tutorial show, and show what they print"
	@echo "make bench        repeat the measurements"
	@echo "make format       put the code in the project's format"
	@echo "make clean        remove $(VENV) and what the demo made"

# --- environment --------------------------------------------------------------------------------------

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "provkg needs Python 3.11 or newer and there is none on PATH." \
	    "On Debian or Ubuntu: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make a virtual" \
	    "environment. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# One stamp for each extra: nothing is done again until pyproject.toml changes.
$(VENV)/.has-%: pyproject.toml | $(BIN)/python
	@echo "Installing provkg and what it needs ($*) into $(VENV); this takes a minute or two." >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

# --- what it is for -----------------------------------------------------------------------------------

demo: $(VENV)/.has-examples
	@BIN=$(BIN) DEMO=$(DEMO) sh examples/demo.sh

test: $(VENV)/.has-test
	@$(BIN)/python -m pytest -q

test-large: $(VENV)/.has-test $(VENV)/.has-large
	@$(BIN)/python -m pytest -q -m large tests/capture

check: lint types docs-check test

lint: $(VENV)/.has-dev
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet

types: $(VENV)/.has-dev
	@$(BIN)/mypy --no-error-summary

docs: $(VENV)/.has-dev
	@$(BIN)/python docs/generate.py

docs-check: $(VENV)/.has-dev
	@$(BIN)/python docs/generate.py --check

transcripts: $(VENV)/.has-dev
	@$(BIN)/python docs/transcripts.py
	@$(BIN)/python docs/samples.py
	@$(BIN)/python docs/generate.py

bench: $(VENV)/.has-dev
	@for name in startup capture analysis ingest store questions; do \
	    echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

format: $(VENV)/.has-dev
	@$(BIN)/ruff check --quiet --fix-only
	@$(BIN)/ruff format --quiet

clean:
	@rm -rf $(VENV) $(DEMO)
