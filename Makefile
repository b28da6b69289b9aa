# Two commands do everything on a fresh machine with Python 3.11 or newer:
#   make run    installs into .venv and shows the main job on samples/
#   make test   installs the test extra as well and runs the whole suite

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test lint types bench docs clean

$(VENV)/installed: pyproject.toml setup.py $(wildcard aof*/_*.pyx aoftool/*/_*.p[yx][xd] aoftool/*/*/_*.p[yx][xd] aoftool/*/_*.h)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

run: $(VENV)/installed
	@BIN=$(abspath $(BIN)) sh samples/tour.sh

test: $(VENV)/installed-test
	$(BIN)/python -m pytest -q

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-test
	$(BIN)/mypy

bench: $(VENV)/installed-test
	$(BIN)/python benchmarks/run.py

docs: $(VENV)/installed-test
	PYTHONPATH=. $(BIN)/python docs/generate.py

clean:
	rm -rf $(VENV) build *.egg-info run
	find aoftool aofserver \( -name "_*.so" -o -name "_*.c" \) -delete
