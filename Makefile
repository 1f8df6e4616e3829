# `make` alone tells what there is. Each target does its own set-up first; what is already there is not done again.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check types bench scenario clean

PY := .venv/bin/python
WORKERS ?= 4
# The pages by themselves: each worker has an estate running, and what a page waits for should not wait for a solver.
BROWSERS ?= 2
PYTEST_ARGS ?=
PREPARE := deploy/setup/prepare
# Node for the recipes below: the machine's, or the one that `prepare` took from PyPI.
WITH_NODE = PATH="$$($(PREPARE) node-path):$$PATH"

help: ## tell what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## a simulated estate in one command: open the page that it prints
	@$(PREPARE) demo
	@exec $(PY) -m app demo $(DEMO_ARGS)

test: ## everything that CI checks: style, types, layers, both languages' tests
	@$(PREPARE) test
	@$(MAKE) --no-print-directory lint web-test py-test

check: ## the quick half of `make test`: style, types and layers, no tests
	@$(PREPARE) check
	@$(MAKE) --no-print-directory lint

types: ## what is generated: the API's description, the TypeScript made from it, blocks of the docs
	@$(PREPARE) check
	$(PY) -m app openapi web/shared/api/openapi.json
	$(WITH_NODE) npm --prefix web run --silent api
	$(PY) docs/generate.py

bench: ## the figures of docs/measures.md, with the ceilings of this machine beside them
	@$(PREPARE) test
	@exec $(PY) -m bench $(BENCH_ARGS)

scenario: ## play the nights of tests/scenarios, or FILES=…: who was called, when, and that nothing else happened
	@$(PREPARE) scenario
	@exec $(PY) -m app scenario run $(SCENARIO_ARGS) $(or $(FILES),tests/scenarios)

clean: ## remove everything that make made (packages, builds, caches, the demo's data)
	rm -rf .setup .venv var dist web/node_modules api/static .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.PHONY: lint web-test py-test
lint:
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	.venv/bin/lint-imports
	$(PY) -m mypy
	$(WITH_NODE) npm --prefix web run --silent check
	@$(PY) -m app openapi .setup/openapi.json
	@$(WITH_NODE) web/node_modules/.bin/openapi-typescript .setup/openapi.json -o .setup/schema.d.ts >.setup/last.log 2>&1
	@cmp .setup/openapi.json web/shared/api/openapi.json && cmp .setup/schema.d.ts web/shared/api/schema.d.ts || \
	  { echo "The committed API types are not those of the code: run make types."; exit 1; }

web-test:
	$(WITH_NODE) npm --prefix web run --silent test

# Only a run that went through (1: some failed) is looked at once more; one that broke off has not told what else would fail.
py-test:
	@codes=; \
	$(PY) -m pytest --cache-clear -n $(WORKERS) --dist worksteal -q --ignore tests/e2e $(PYTEST_ARGS) || codes="$$codes $$?"; \
	$(PY) -m pytest -n $(BROWSERS) --dist loadfile -q tests/e2e $(PYTEST_ARGS) || codes="$$codes $$?"; \
	case "$$codes" in "") ;; " 1" | " 1 1") $(PY) -m tests.second_look ;; *) exit 1 ;; esac
