# One line each; every target builds the private environment it needs first.
PYTHON ?= python3
VENV ?= .venv
PROCESSES ?= auto
BIN = $(VENV)/bin

.PHONY: run test lint docs man bench deb clean

run: $(VENV)/.installed
	$(BIN)/twistd --nodaemon --pidfile= --logger=netsuite.demo.log_after_table netsuite --demo

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest --numprocesses=$(PROCESSES) --dist=loadfile --no-loadscope-reorder

lint: $(VENV)/.installed-lint
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

docs: $(VENV)/.installed-docs
	$(BIN)/python -m sphinx -W -q docs docs/_build/html

man: $(VENV)/.installed
	$(BIN)/netsuite manual --man build/man

bench: $(VENV)/.installed-bench
	$(BIN)/python -m tests.benchmarks

deb: $(VENV)/.installed
	netsuite/packaging/debian/build $(BIN)/python

clean:
	rm -rf $(VENV) build dist docs/_build *.egg-info .pytest_cache .mypy_cache .ruff_cache _trial_temp*

$(VENV)/.installed: setup.cfg pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.installed-%: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	touch $@
