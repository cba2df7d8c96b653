# Two commands need nothing but Python 3.11+ and make: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# One more than there are cores, as tests of processes and screens wait now and then.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PYTEST_ALL = $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
# Else every process of every test compiles every module anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: install demo test soak test-server lint compiled bench lock clean

install: $(STAMP)

# Nothing is compiled that nobody imports: pip would take as long for that as for the rest.
$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Countersign needs Python 3.11 or newer; run: make PYTHON=python3.11 install")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: install
	@$(BIN)/python -m console demo

# What is marked `long` runs with COUNTERSIGN_FULL_SCALE=1, as in CI.
test: install
	@$(MAKE) --no-print-directory -j 2 lint compiled
	$(PYTEST_ALL) $(if $(COUNTERSIGN_FULL_SCALE),,-m "not long")

# The longest tests at their greatest size: hours.
soak: install
	COUNTERSIGN_FULL_SCALE=soak $(PYTEST_ALL)

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

# What every worker of pytest else compiles for itself; what fails here fails again, aloud, there.
compiled: install
	@$(BIN)/python -m pytest -n 0 --collect-only -qq >/dev/null || true

bench: install
	$(BIN)/python -m tests.bench

lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock

clean:
	rm -rf .venv .cache dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
