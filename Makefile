# Two commands do everything on a fresh machine with Python 3.11 or newer:
#   make run    installs into .venv and shows the main job on samples/
#   make test   installs the test extra as well and runs the whole suite

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Most tests wait for real servers: as many at a time as there are cores, within reason.
PYTEST := $(BIN)/python -m pytest -q --numprocesses auto --maxprocesses 4

.PHONY: run test test-pure lint types bench docs clean

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
	$(PYTEST)

# Without the compiled twins, where they make a difference: of the server's tests with real
# processes, those that serve many commands, persist them, or are hostile.
test-pure: $(VENV)/installed-test
	AOFTOOL_PURE=1 $(PYTEST) tests/unit $(wildcard tests/e2e/test_*.py) \
		$(patsubst %,tests/e2e/server/test_%.py,clients corpus hostile messages persistence)

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
