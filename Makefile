# What one does with this repository. Each target installs what it needs first; `make` alone prints this list.

PYTHON ?=
CONTROL ?= 127.0.0.1:4566
GATEWAY ?= 127.0.0.1:8080
DATA_DIR ?= .portico
TESTS ?=

BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help install run test check bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' Makefile
	@echo
	@echo '  make run CONTROL=127.0.0.1:4567 GATEWAY=127.0.0.1:9090 DATA_DIR=DIR   (the AWS API, the APIs, what is kept)'
	@echo '  make test TESTS=tests/unit                                            (some of the tests)'
	@echo '  make install PYTHON=/path/to/python3                                  (3.11 or newer)'

install: ## Portico and its tools into .venv; quick when that is done
	@PYTHON='$(PYTHON)' sh tools/install.sh

run: install ## Portico with a sample API, and lines to try it with; Ctrl-C stops it
	@$(BIN)/python examples/sample.py --control '$(CONTROL)' --gateway '$(GATEWAY)' --data-dir '$(DATA_DIR)'

test: install ## every test; what cannot run here is told as NOT RUN
	@sh tools/servers.sh nginx postgres=postgresql node=nodejs chromium
	@$(BIN)/python -m pytest $(TESTS)

check: install ## format, lint, types, floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install ## costs and speeds, beside nginx and Envoy where they are there; writes docs/performance.md
	@sh tools/servers.sh nginx wrk
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]' || true
	$(BIN)/python -m bench --write docs/performance.md

clean: ## remove .venv and what tools and tests left; .portico, which holds data, stays
	rm -rf .venv build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
