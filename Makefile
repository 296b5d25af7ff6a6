# Gần Dân. `make run` and `make test` do all their own set-up with Python >= 3.11 and make alone.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 && $$p -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
JOBS ?= 2
# The long files first, so that no worker is left alone with one at the end.
TESTS ?= deploy services shared
RINGS ?= not full and not containers

.PHONY: setup run test check fmt bench faults docs clean requirements compose-up

setup: $(READY)

# The virtual environment, filled from hashed requirements; made again when they change.
$(READY): requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; set PYTHON=/where/it/is"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes --python $(BIN)/python requirements/dev.txt
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $(READY)

# Everything in one process on the embedded PostgreSQL and Kafka; Ctrl-C ends it. GANDAN_PORT and GANDAN_HOME as you like.
run: $(READY)
	@exec $(BIN)/gandan up

test: $(READY)
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -q -m "$(RINGS)" $(TESTS)

# What a machine can review: format, lint, types, imports, words, contracts.
check: $(READY)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@found=$$($(BIN)/lint-imports --no-cache) || { echo "$$found"; exit 1; }
	@$(BIN)/codespell
	@$(BIN)/mypy
	@$(BIN)/gandan contracts check

fmt: $(READY)
	@$(BIN)/ruff check --quiet --fix . || true
	@$(BIN)/ruff format --quiet .

# The long form of the campaigns: real processes, kill -9, four counters; and each service alone.
faults: $(READY)
	@$(BIN)/python -m pytest -q -p no:xdist -m "full" deploy

# Measured beside their limits and peers; KEYS="submit relay" for some of them.
bench: $(READY)
	@$(BIN)/gandan bench $(KEYS)

# Everything in containers: secrets once, one image, healthy when it returns. deploy/containers.md tells the rest.
compose-up: $(READY)
	@$(BIN)/python -m deploy.compose.prepare
	@docker compose up --build --detach --wait

# Contracts for other teams: OpenAPI, AsyncAPI, JSON Schemas.
docs: $(READY)
	@$(BIN)/gandan contracts export build/contracts

clean:
	@rm -rf .venv .local build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# After a change of dependencies in pyproject.toml.
requirements:
	@$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --universal --python-version 3.11 --custom-compile-command "make requirements" pyproject.toml -o requirements/run.txt
	@$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --universal --python-version 3.11 --custom-compile-command "make requirements" pyproject.toml --extra dev -c requirements/run.txt -o requirements/dev.txt
