# Needs nothing but Python 3.11 or newer, with venv and pip. `make help` lists what there is.

VENV ?= .venv
OUT ?= reports/latest
# More arguments for `commit-conformance run` and for pytest; test processes (0 runs the suite in one).
ARGS ?=
PYTEST_ARGS ?=
WORKERS ?= 2
# What Sphinx makes of docs/: html, or linkcheck, which asks the network for every address outside.
BUILDER ?= html

# The first interpreter that is new enough; PYTHON=... on the command line or in the environment decides otherwise.
NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
ifeq ($(strip $(PYTHON)),)
PYTHON := $(shell for each in python3.11 python3 python3.12 python3.13 python3.14; do \
	if $$each $(NEW_ENOUGH) >/dev/null 2>&1; then echo $$each; break; fi; done)
endif

BIN := $(VENV)/bin
INTERPRETER := $(BIN)/python
PIP := $(INTERPRETER) -m pip --disable-pip-version-check --quiet
RUN_STAMP := $(VENV)/.installed-for-run
DEV_STAMP := $(VENV)/.installed-for-dev
# Every script but what the others share, and those whose results are kept: the one that needs Schemathesis, and the one
# that uploads 10 GiB.
SHARED := bare_replay behaviour_pairs detection_table difference drawing large_upload many_runs measured serving \
	stock_schemathesis
BENCHMARKS := $(filter-out $(SHARED),$(basename $(notdir $(sort $(wildcard benchmarks/[a-z]*.py)))))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test lint bench sdks docs wheel clean

help: ## Show this list
	@echo "make TARGET"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-8s %s\n", $$1, $$2 }'

run: $(RUN_STAMP) ## Test the embedded service and write a report into reports/latest (ARGS="--fault accepts-gap")
	@$(BIN)/commit-conformance run --out $(OUT) $(ARGS)

test: lint ## Check style and types, then run this project's own tests (PYTEST_ARGS="-k ruler", WORKERS=0)
	$(INTERPRETER) -m pytest tests/suite -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

lint: $(DEV_STAMP) ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(DEV_STAMP) ## Run every benchmark there is
	@test -n "$(BENCHMARKS)" || echo "benchmarks/ holds no scripts"
	@set -e; for name in $(BENCHMARKS); do echo "== $$name"; $(INTERPRETER) -m benchmarks.$$name; done

# What a driver needs and is not there, npm or Maven say, is told, and the others are installed all the same.
sdks: $(RUN_STAMP) ## Install the SDKs that the client suite drives, each into a folder of its own below .sdks/
	@$(BIN)/commit-conformance client --install --all $(ARGS)

# Nitpicky, so that a link to a page or a heading that is not there stops it.
docs: $(DEV_STAMP) ## Build the site of the documentation into build/docs (BUILDER=linkcheck tries its outward links)
	$(INTERPRETER) -m sphinx --quiet --nitpicky --fail-on-warning --builder $(BUILDER) --conf-dir docs \
		--doctree-dir build/doctrees . build/$(BUILDER:html=docs) $(ARGS)

wheel: $(DEV_STAMP) ## Build source archive and wheel into dist/
	$(INTERPRETER) -m build

# reports/ stays: the ledger of a run that was killed is needed to sweep its target.
clean: ## Remove the virtual environment, builds and caches; reports stay
	rm -rf $(VENV) .sdks build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INTERPRETER):
	@if [ -z "$(PYTHON)" ] || ! $(PYTHON) $(NEW_ENOUGH) >/dev/null 2>&1; then \
		echo "Python 3.11 or newer is needed, and $(if $(PYTHON),$(PYTHON) is not,no python3 is);" \
			"install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; fi
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) has no venv; on Debian and Ubuntu it is the package python3-venv" >&2; exit 1; }

$(RUN_STAMP): pyproject.toml | $(INTERPRETER)
	@echo "installing into $(VENV)"
	@$(PIP) install --editable '.[serve]'
	@touch $@

# What development needs includes what a run needs.
$(DEV_STAMP): pyproject.toml | $(INTERPRETER)
	@echo "installing into $(VENV), tools for development included"
	@$(PIP) install --editable '.[dev]'
	@touch $(RUN_STAMP) $@
