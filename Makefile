# Everything here needs Python 3.11 or newer, git and make; the rest is installed into .venv from the lock files.

SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV ?= .venv
BIN := $(VENV)/bin
# The first Python that is new enough; PYTHON=... names another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$python"; break; }; done)
PYTEST_ARGS ?=
PYTEST := $(BIN)/python -m pytest
CODE := $(wildcard copilot_metrics_action entrypoint.py python tests benchmarks docs)
SYMPTOMS_BENCH ?=
SYMPTOMS_ARGS ?= --split train
BENCH_ARGS ?=
EFFECTS_ARGS ?=
SCENARIOS_ARGS ?=
LOCK_FILE ?= requirements.txt
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?=
# One lock for every supported Python and platform; versions already locked stay unless UV_ARGS says --upgrade.
UV ?= uv
UV_ARGS ?=
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --custom-compile-command "make lock" $(UV_ARGS)

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z][a-z-]*:.*## / {printf "  %-16s %s\n", $$1, $$2}' Makefile

# ---- what people run

.PHONY: demo
demo: $(VENV)/.run ## Run the whole pipeline over a made-up organization into demo/ (no token, no network)
	@rm -rf demo
	$(BIN)/copilot-metrics demo --output demo

.PHONY: test
test: lint types workflows tests ## Run everything that guards the project: lint, types, workflow checks, tests

.PHONY: check
check: lint types unit ## Run what is quick: lint, types, unit tests

# ---- the parts of `make test`

.PHONY: format
format: $(VENV)/.dev ## Format the code and repair what can be repaired
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

.PHONY: lint
lint: $(VENV)/.dev ## Check style and likely mistakes (ruff)
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

.PHONY: types
types: $(VENV)/.dev ## Check the types (mypy, strict)
	$(BIN)/mypy

.PHONY: workflows
workflows: $(VENV)/.dev ## Check action.yml, the workflows and the Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions $(wildcard action.yml */action.yml)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows $(wildcard .github/workflows/*.yml examples/*.yml)
	$(BIN)/check-jsonschema --builtin-schema github-workflows-require-timeout $(wildcard .github/workflows/*.yml examples/*.yml)
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	$(BIN)/zizmor --offline --quiet --no-progress --config .github/zizmor.yml $(wildcard action.yml */action.yml .github examples/*.yml)
	$(BIN)/hadolint Dockerfile

.PHONY: tests
tests: $(VENV)/.dev ## Run all tests but those of the container and the whole table of faults
	$(PYTEST) -n auto --dist worksteal -m "not container and not faults" $(PYTEST_ARGS)

.PHONY: unit
unit: $(VENV)/.dev ## Run the unit tests
	$(PYTEST) -n auto --dist worksteal -m "not container and not slow" tests/unit $(PYTEST_ARGS)

.PHONY: integration
integration: $(VENV)/.dev ## Run the tests against the stand-in for GitHub
	$(PYTEST) -n auto --dist worksteal -m "not container" tests/integration $(PYTEST_ARGS)

.PHONY: coverage
coverage: $(VENV)/.dev ## Run the tests and list the lines that none of them reaches
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m "not container and not faults" $(PYTEST_ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

.PHONY: golden
golden: $(VENV)/.dev ## Write tests/data/golden anew; read the difference before you commit it
	UPDATE_GOLDEN=1 $(PYTEST) -m golden $(PYTEST_ARGS)
	@git --no-pager diff --stat -- tests/data/golden

.PHONY: docs
docs: $(VENV)/.dev ## Write the pages and tables that come from the code
	$(BIN)/python docs/generate.py

# ---- what takes longer, or needs more

.PHONY: bench
bench: $(VENV)/.dev ## Measure speed, memory, requests, and with BENCH_ARGS="--years 10" how the data branch grows
	$(BIN)/python benchmarks/run.py $(BENCH_ARGS)

.PHONY: bench-symptoms
bench-symptoms: $(VENV)/.dev ## Score the symptoms with the bench in SYMPTOMS_BENCH=<folder>
	OMP_NUM_THREADS=1 SYMPTOMS_BENCH="$(SYMPTOMS_BENCH)" $(BIN)/python benchmarks/bench_symptoms.py $(SYMPTOMS_ARGS)

.PHONY: bench-scenarios
bench-scenarios: $(VENV)/.dev ## Score the symptoms on situations that are not in that bench
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/bench_scenarios.py $(SCENARIOS_ARGS)

.PHONY: bench-effects
bench-effects: $(VENV)/.dev ## Measure how well the effect of what was done is told
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/bench_effects.py $(EFFECTS_ARGS)

.PHONY: faults
faults: $(VENV)/.dev ## Make every request of a run fail in every way, and kill it at each
	$(PYTEST) -n auto --dist worksteal -m faults tests/faults $(PYTEST_ARGS)

.PHONY: lives
lives: $(VENV)/.dev ## Live thousands of other lives of issues under random days, findings, faults and people (LIVES=5000)
	LIVES=$(or $(LIVES),5000) $(PYTEST) tests/unit/test_triage_stateful.py $(PYTEST_ARGS)

.PHONY: export-test
export-test: $(VENV)/.export ## Ask the data with DuckDB and pandas: an export, and the queries of AGENTS.md (320 MB of packages more)
	$(PYTEST) tests/unit/test_export.py tests/integration/test_export.py tests/integration/test_agents.py $(PYTEST_ARGS)

.PHONY: fuzz
fuzz: $(VENV)/.fuzz ## Fuzz what reads text from outside, FUZZ_SECONDS=60 a target (Python 3.11 to 3.13, Linux)
	PYTHONPATH=.:tests $(BIN)/python -P -m fuzz --seconds $(FUZZ_SECONDS) $(FUZZ_TARGETS)

.PHONY: audit
audit: $(VENV)/.dev ## Ask whether a locked dependency has a known weakness (LOCK_FILE=requirements.txt)
	$(BIN)/python -m pip_audit --strict --require-hashes --disable-pip -r "$(LOCK_FILE)"

.PHONY: image
image: $(VENV)/.dev ## Build the container image and run it (docker, podman or buildah)
	$(PYTEST) -s -m container tests/container $(PYTEST_ARGS)

# ---- setting up

.PHONY: lock
lock: ## Write the lock files anew from pyproject.toml (needs uv)
	$(LOCK) pyproject.toml --output-file requirements.txt
	$(LOCK) --group pyproject.toml:build --constraints requirements.txt --output-file requirements-build.txt
	$(LOCK) --group pyproject.toml:export --constraints requirements.txt --output-file requirements-export.txt
	$(LOCK) --group pyproject.toml:fuzz --constraints requirements.txt --output-file requirements-fuzz.txt
	$(LOCK) pyproject.toml --group pyproject.toml:dev --constraints requirements.txt --constraints requirements-build.txt --output-file requirements-dev.txt

.PHONY: setup
setup: $(VENV)/.dev ## Set up .venv for development

.PHONY: clean
clean: ## Remove what the targets made
	rm -rf "$(VENV)" demo build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*

$(VENV)/bin/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "make: Python 3.11 or newer is needed, but $(or $(PYTHON),python3) is $$("$(or $(PYTHON),python3)" --version 2>&1 || true). Name one: make $(MAKECMDGOALS) PYTHON=python3.13" >&2; \
		exit 1; \
	}
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "make: '$(PYTHON)' comes without venv or ensurepip. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
		exit 1; \
	}
	"$(PYTHON)" -m venv "$(VENV)"

# The stamps are older than the lock when the lock changed: then the same environment is brought up to date.
$(VENV)/.run: requirements.txt requirements-build.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-build.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch "$@"

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch "$@"

$(VENV)/.fuzz: requirements-fuzz.txt $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-fuzz.txt
	@touch "$@"

$(VENV)/.export: requirements-export.txt $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-export.txt
	@touch "$@"
