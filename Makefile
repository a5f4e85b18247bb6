# The one door. A fresh machine needs Python 3.11, git and make; the rest installs itself into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help install demo test check benchmark matrix schemas clean

help:
	@echo "make demo       install, play the bundled study through, build its package (into demo/), serve it (SERVE=0: end instead)"
	@echo "make test       install and run every test"
	@echo "make check      everything that CI runs: format, lint, types, layers, dependencies, tests"
	@echo "make benchmark  every benchmark, one table: ours, peer, ratio, the machine's limit"

install: $(STAMP)

$(STAMP): requirements/lock.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing pinned dependencies into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/lock.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: install
	@$(BIN)/opencro demo demo $(if $(filter 0,$(SERVE)),,--serve)

test: install
	@tools/provide_postgres.sh
	@tools/provide_chromium.sh
	@$(BIN)/python -m pytest -n 2 --dist worksteal

check: install
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .
	@$(MAKE) --no-print-directory test

benchmark: install
	@$(BIN)/python -m benchmarks

clean:
	rm -rf demo build .mypy_cache .ruff_cache .pytest_cache
