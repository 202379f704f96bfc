# Works with python3 (3.11 or newer, with venv and pip), make and git alone; uv is used when it is on PATH.
# Nothing has to be activated: every command is called from $(VENV)/bin by its path.

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null)
# requirements.oldest.lock: the oldest versions that pyproject.toml allows; give it a VENV of its own
LOCK := requirements.lock
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help env report test bench coverage docs lint format lab lock clean

# Compiled bytecode is half of the start-up time: a variable of the user's shell must not switch it off.
unexport PYTHONDONTWRITEBYTECODE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

env: $(STAMP) ## create .venv from requirements.lock (again only after a change)

$(STAMP): $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "cxzy needs Python 3.11 or newer, and '$(PYTHON)' is not: name another one, as in" \
	       "'make PYTHON=python3.12 $(or $(MAKECMDGOALS),env)'" >&2; exit 1; }
ifdef UV
	@test -x $(BIN)/python || { rm -rf $(VENV); uv venv --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV); }
	uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode $(LOCK)
	uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
else
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	  echo "'$(PYTHON)' lacks venv: install it (on Debian and Ubuntu the package python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endif
	@$(BIN)/python -m compileall -q cxzy_lib
	@touch $@

report: $(STAMP) ## clean data/raw, run every notebook, write reports/
	$(BIN)/cxzy report --audience leadership

# Files in the order of their names: by their number of tests, those with few long ones would come last.
# nbval is for the notebooks only, and takes seconds to import.
SIDE_BY_SIDE := -n 2 --dist loadfile --no-loadscope-reorder -p no:nbval

# Both runs happen; either one's failure is the target's. The notebooks read data/processed.
test: $(STAMP) ## run the tests, then every notebook as it stands
	@status=0; \
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) || status=1; \
	$(BIN)/cxzy clean && $(BIN)/python -m pytest -n 2 --dist loadfile --nbval-lax --nbval-current-env notebooks tests/strict || status=1; \
	exit $$status

coverage: $(STAMP) ## which lines and branches the tests leave out; fails under 95 % of intake and measure (half as long again as the tests)
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --cov --cov-report=term:skip-covered
	$(BIN)/python -m coverage report --include='cxzy_lib/intake/*,cxzy_lib/measure/*' --skip-covered --fail-under=95

bench: $(STAMP) ## time a night's reports and the cleaning of a long workbook beside other ways (half an hour)
	$(BIN)/cxzy clean && $(BIN)/python benchmarks/night.py data/processed && $(BIN)/python benchmarks/clean.py

docs: $(STAMP) ## the documents and the library's functions as pages: build/docs/index.html
	$(BIN)/python -m sphinx -q -W --keep-going docs build/docs && echo build/docs/index.html

lint: $(STAMP) ## check style, formatting, types and that notebooks are stored without output
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/nbstripout --verify notebooks/*.ipynb

format: $(STAMP) ## put code and notebooks into their stored form
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format
	$(BIN)/nbstripout notebooks/*.ipynb

lab: $(STAMP) ## open the notebooks in JupyterLab
	@test -f data/processed/files.parquet || $(BIN)/cxzy clean
	$(BIN)/jupyter lab notebooks/00_start_here.ipynb

# For every platform and Python at once, with hashes: the newest versions that pyproject.toml allows, and the oldest.
# Extras are named: without them pip looks for the newest release of coverage[toml] and refuses it as unpinned.
COMPILE = $(or $(UV),$(BIN)/uv) pip compile pyproject.toml --group dev --universal --python-version 3.11 \
  --fork-strategy fewest --generate-hashes --upgrade --quiet --no-strip-extras --no-emit-index-url --no-emit-find-links \
  --custom-compile-command 'make lock'

lock: $(if $(UV),,$(STAMP)) ## refresh both locks from pyproject.toml
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --resolution lowest-direct --output-file requirements.oldest.lock

clean: ## remove processed tables, reports and caches (not .venv, not data/raw)
	find data/processed reports -mindepth 1 ! -name .gitkeep -delete
	rm -rf .pytest_cache .ruff_cache .mypy_cache .hypothesis .coverage .coverage.* htmlcov build dist
	find . -path ./$(VENV) -prune -o -path ./.git -prune -o \
	  \( -name __pycache__ -o -name .ipynb_checkpoints \) -exec rm -rf {} +
