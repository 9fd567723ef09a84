# Every target does the set-up it needs.  `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help install run test lint types check bench accept soak peers shots docs size clean
BIN := .venv/bin
STAGE ?= A
BASE ?= HEAD
ARGS ?=
# Tests in as many processes as there are processors, which browsers keep busy; not more than four.
# A file stays in one process: what its tests share is made once.
SIDE_BY_SIDE ?= -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# Models that are not in the repository; without the folder, what needs them says NOT RUN.
PAREDOWN_SHARED ?= $(abspath $(wildcard ../shared))
export PAREDOWN_SHARED

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.runtime: pyproject.toml .deps/constraints.txt .deps/setup
	@.deps/setup runtime

.venv/.dev: pyproject.toml .deps/constraints.txt .deps/setup
	@.deps/setup dev

install: .venv/.dev ## everything for development: .venv, packages, Chromium
	@.deps/chromium

run: .venv/.runtime ## open the dashboard; ARGS="model.onnx --port 8051" goes to `paredown serve`
	@$(BIN)/paredown serve --open $(ARGS)

test: install ## all tests; ARGS="tests/engine -x" narrows them
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

lint: .venv/.dev ## format and style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/.dev ## static types: strict on engine
	$(BIN)/mypy

check: lint types test ## lint, types and tests: what guards main

bench: .venv/.dev ## CPU time of load, compile and price, beside onnx-tool
	$(BIN)/python -m tests.bench $(ARGS)

accept: install $(if $(filter B,$(STAGE)),peers) ## acceptance of a stage: STAGE=A … I; FRESH=1 adds the fresh clones (minutes)
	$(BIN)/python -m tests.acceptance $(STAGE) $(ARGS)

soak: install ## what takes long: 200 killed writers, more of each random test, the look test's whole matrix; ARGS="scatter": of this
	$(if $(ARGS),,$(BIN)/python -m tests.soak)
	$(if $(ARGS),,PAREDOWN_SOAK=1 $(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "soak or not soak" tests)
	$(BIN)/python -m tests.acceptance.look $(ARGS)

# Beside which the graph is measured; what needs them says NOT RUN when they cannot be installed.
peers: .venv/.dev
	@[ -e .venv/.peers ] || .deps/setup peers || echo "setup: the peers could not be installed" >&2

shots: install ## pictures of every page and state, into shots/
	$(BIN)/python -m tests.acceptance.shots $(ARGS)

docs: .venv/.dev ## write the generated tables of README.md anew
	$(BIN)/python -m tests.readme

size: .venv/.dev ## lines per file, and the change since BASE=HEAD
	@$(BIN)/python -m tests.size $(BASE)

clean: ## remove what can be made again; your models stay
	rm -rf .venv .cache build dist shots *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
