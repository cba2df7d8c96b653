# Two commands need nothing but Python 3.11+ and make: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# Else every process of every test compiles every module anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: install demo test soak test-server lint bench lock clean

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Countersign needs Python 3.11 or newer; run: make PYTHON=python3.11 install")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: install
	@$(BIN)/python -m console demo

# What is marked `long` runs with COUNTERSIGN_FULL_SCALE=1, as in CI.
test: lint
	$(BIN)/python -m pytest -n 4 --dist worksteal $(if $(COUNTERSIGN_FULL_SCALE),,-m "not long")

# The longest tests at their greatest size: hours.
soak: install
	COUNTERSIGN_FULL_SCALE=soak $(BIN)/python -m pytest -n 4 --dist worksteal

# The contract suite against any FHIR R4 server: make test-server BASE_URL=https://…/fhir
test-server: install
	@test -n "$(BASE_URL)" || { echo "usage: make test-server BASE_URL=https://…/fhir [TOKEN_FILE=path]"; exit 2; }
	COUNTERSIGN_TEST_SERVER="$(BASE_URL)" COUNTERSIGN_TEST_SERVER_TOKEN_FILE="$(TOKEN_FILE)" \
		$(BIN)/python -m pytest tests/server -n 0 -rs

lint: install
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-cache

bench: install
	$(BIN)/python -m tests.bench

lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock

clean:
	rm -rf .venv .cache dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
