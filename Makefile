# Two commands on a fresh machine: `make run` and `make test`. Each installs what it needs, and no more, into .venv.
PYTHON ?= python3
BIN := .venv/bin
RUNS := .venv/installed
TESTS := .venv/installed-dev
unexport PYTHONDONTWRITEBYTECODE # where it is set, each of the many processes of the tests would compile the house anew

.PHONY: run test faults check bench clients format clean

# `make run DOVECOT=1`: the same with a real Dovecot as its mail server, where one is installed
run: $(RUNS)
	@$(BIN)/switchboard demo $(if $(DOVECOT),--dovecot)

test: $(TESTS)
	$(BIN)/pytest -m "not faults" -n logical --maxprocesses 8 --dist worksteal

faults: $(TESTS)
	$(BIN)/pytest -m faults

check: $(TESTS)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/switchboard schema --check
	$(BIN)/pytest -m "not faults" -n logical --maxprocesses 8 --dist worksteal
	$(BIN)/pytest -m faults

bench: $(TESTS)
	$(BIN)/python -m bench

clients:
	@cd tests/clients && npm install --no-package-lock --no-audit --no-fund --silent

format: $(TESTS)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(RUNS): EXTRAS := demo
$(TESTS): EXTRAS := demo,dev
$(RUNS) $(TESTS): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Switchboard needs Python 3.11 or later.")'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[$(EXTRAS)]'
	@touch $(RUNS) $@

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
