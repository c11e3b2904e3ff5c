# Every target first builds .venv from the locks. Start with `make run`; `make test` runs the tests.

SHELL := /bin/sh
REFERENCE := $(shell cat .python-version)
PYTHON ?= $(shell command -v python$(REFERENCE) >/dev/null 2>&1 && echo python$(REFERENCE) || echo python3)
BIN := .venv/bin
UV := $(BIN)/uv pip
ARGS ?=
PYTEST := $(BIN)/python -m pytest
# Several files of tests at a time, in the order of their folders: what takes minutes first, the unit
# tests last, so that no worker waits long at the end
PARALLEL := -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# Words that few readers know in this sense, kept out of code and pages by `make check`
ODD := mend(s|ed|ing)?|anew|afresh|goes on|whoever
PROSE := '*.py' '*.md' '*.yaml' '*.toml' ':!docs/LOG.md' ':!CHANGELOG.md'

# In what this Makefile starts, nothing of the caller's Python settings may leak in
unexport PYTHONPATH PYTHONHOME PYTHONSAFEPATH PYTHONDONTWRITEBYTECODE VIRTUAL_ENV

.PHONY: help setup run serve verify test test-unit test-all test-cpus check format docs bench deps lock clean

help:  ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

setup: .venv/.ready  ## Build .venv from requirements.lock and requirements-dev.lock

run: .venv/.ready  ## Run the pipeline (ARGS="-S train.epochs=5" changes a parameter)
	@$(BIN)/python -m pipeline run $(ARGS)

verify: .venv/.ready  ## Re-run every stage of a commit or run and compare every byte (ARGS=REV)
	@$(BIN)/python -m pipeline verify $(ARGS)

test: .venv/.ready  ## Run every test that is not slow (ARGS="-k windows" chooses)
	@$(PYTEST) $(PARALLEL) $(ARGS)

test-unit: .venv/.ready  ## Run the tests that need no DVC and no Prefect
	@$(PYTEST) $(PARALLEL) --dist worksteal tests/unit $(ARGS)

test-all: .venv/.ready  ## Run every test, the slow ones too
	@$(PYTEST) $(PARALLEL) -m "slow or not slow" $(ARGS)

test-cpus: .venv/.ready  ## Compare every option's bytes with those of emulated processors (QEMU, an hour)
	@$(PYTEST) -m "slow or not slow" tests/exactness/test_cpus.py $(ARGS)

check: .venv/.ready  ## Lint, type-check, hold the imports to the layout and the words to plain English
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@! git grep -nwiE "$(ODD)" -- $(PROSE)
	@! git grep -nP "(?<![Tt]here )\bis no\b(?! longer)" -- $(PROSE)

format: .venv/.ready  ## Format and fix what can be fixed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

serve: .venv/.ready  ## Train on a schedule, watched in the Prefect UI (ARGS='--cron "0 6 * * *"')
	@$(BIN)/python -m pipeline serve $(ARGS)

bench: .venv/.ready  ## Measure epoch time, memory and the demo; write docs/benchmarks.md
	@$(BIN)/python -m bench.run $(ARGS)

docs: .venv/.ready  ## Write the pages of docs/ that are made from the code
	@$(BIN)/python -m docs.generate

deps: .venv/.ready  ## Write into dvc.yaml which code each stage imports
	@$(BIN)/python -m pipeline.versioning.dependencies

lock: .venv/.ready  ## Resolve both locks (UPGRADE=--upgrade moves to newer versions)
	$(UV) compile -q $(UPGRADE) --universal --python-version $(REFERENCE) --generate-hashes \
		--no-header --no-annotate pyproject.toml -o requirements.lock
	$(UV) compile -q $(UPGRADE) --universal --python-version $(REFERENCE) --generate-hashes \
		--no-header --no-annotate --group dev -c requirements.lock -o requirements-dev.lock

clean:  ## Remove the environment and every cache but DVC's
	rm -rf .venv .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache dvc_plots

# pip brings uv and the build backends, by the lock's own hashes; uv brings the rest. Bytecode is
# compiled at once: without it every start of TensorFlow takes seconds longer.
.venv/.ready: requirements.lock requirements-dev.lock pyproject.toml
	@echo "building .venv from the locks"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@sed -n '/^\(uv\|setuptools\|wheel\)==/,/[^\\]$$/p' requirements.lock > .venv/bootstrap.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
		-r .venv/bootstrap.lock
	@$(UV) install --quiet --python $(BIN)/python --compile-bytecode --require-hashes \
		--no-build-isolation -r requirements.lock -r requirements-dev.lock
	@$(UV) install --quiet --python $(BIN)/python --no-build-isolation --no-deps -e .
	@touch .venv/.ready
