# Each target sets up .venv by itself. Needed: python3 (3.10 or newer) with pip, git and make.
PYTHON  ?= python3
WORKERS ?= 2

VENV := .venv
PY   := $(VENV)/bin/python
PIP  := $(PY) -m pip --quiet --disable-pip-version-check --no-input
# one process per core already: a second level of threads would only make them wait
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PY) -m pytest -q -n $(WORKERS)

demo: $(VENV)/.ready-test
	$(PY) -m minigrad demo

# compiled first, once: otherwise every worker compiles what it meets
test: $(VENV)/.ready-test
	$(PY) -m minigrad warmup --processes $(WORKERS)
	$(PYTEST) -m "not torch and not full and not wide"

# what make test leaves to CI; test-full is both and the long sweeps
test-wide: $(VENV)/.ready-test
	$(PYTEST) -m "wide and not torch and not full"

test-full: $(VENV)/.ready-dev
	$(PYTEST) -m "not torch"

# every comparison with PyTorch, of which .ci/run makes some
parity: $(VENV)/.ready-dev
	$(PIP) install torch==2.13.0 expecttest
	$(PYTEST) -m torch

notebooks: $(VENV)/.ready-notebooks
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PY) -m notebooks.execute

bench: $(VENV)/.ready-bench
	$(PY) -m benchmarks --readme

lint: $(VENV)/.ready-dev
	$(PY) -m ruff check .

clean:
	rm -rf $(VENV) build dist runs *.egg-info .pytest_cache .ruff_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# the environment with one extra of setup.cfg installed
$(VENV)/.ready-%: setup.cfg pyproject.toml | $(VENV)/.pip
	$(PIP) install --editable '.[$*]'
	@touch $@

# Debian's python3 comes without ensurepip: then the system's pip fills an empty environment
$(VENV)/.pip:
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip $(VENV)
	@$(PY) -m pip --version >/dev/null 2>&1 \
	    || $(PYTHON) -m pip --quiet --python $(PY) install --no-input pip
	@touch $@

.PHONY: demo test test-wide test-full parity notebooks bench lint clean
