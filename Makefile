# Two commands on a fresh machine: `make run` and `make test`. Everything they need they install into .venv.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
unexport PYTHONDONTWRITEBYTECODE # where it is set, each of the many processes of the tests would compile the house anew

.PHONY: run test faults check bench clients format clean

run: $(INSTALLED)
	@$(BIN)/switchboard demo

test: $(INSTALLED)
	$(BIN)/pytest -m "not faults" -n logical --maxprocesses 8 --dist worksteal

faults: $(INSTALLED)
	$(BIN)/pytest -m faults

check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/switchboard schema --check
	$(BIN)/pytest -m "not faults" -n logical --maxprocesses 8 --dist worksteal
	$(BIN)/pytest -m faults

bench: $(INSTALLED)
	$(BIN)/python -m bench

clients:
	@cd tests/clients && npm install --no-package-lock --no-audit --no-fund --silent

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Switchboard needs Python 3.11 or later.")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[demo,dev]'
	@touch $@

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
