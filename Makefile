# Set-up and the four commands that always work: run, test, check, clean. Each installs what it needs.
PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
ARGS   ?=
SEED    ?=
RECORDS ?= 200
TABS    ?= 5
LATENCY ?= 0.3

.PHONY: run test rehearse soak check format lock clean

run: $(VENV)/.run          ## do the job that settings.ini describes (out of the box: the demo portal)
	$(PY) run.py run $(ARGS)

test: $(VENV)/.dev $(VENV)/.browser   ## the whole suite, real Chrome included
	$(PY) -m pytest -n 2 --dist worksteal $(ARGS)

rehearse: $(VENV)/.dev $(VENV)/.browser   ## a night in minutes: a portal that misbehaves, kills at random, a verdict
	$(PY) -m tests.rehearsal $(if $(SEED),--seed $(SEED)) --records $(RECORDS) --tabs $(TABS) \
	  --latency $(LATENCY) $(ARGS)

soak: $(VENV)/.dev $(VENV)/.browser       ## as long as a real job, only the portal misbehaves: 2,000 records, 8 tabs
	TABCREW_TEST_RESPAWNS=2000 $(PY) -m pytest -q -o timeout=3600 tests/process/test_crew.py -k respawns
	$(PY) -m tests.rehearsal $(if $(SEED),--seed $(SEED)) --records 2000 --tabs 8 --latency 0.5 --no-kills $(ARGS)

check: $(VENV)/.dev        ## formatting, lint, types, architecture
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -m pytest -q tests/unit/test_architecture.py

format: $(VENV)/.dev       ## put the formatting right
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

lock: $(VENV)/.dev         ## renew the lock files from pyproject.toml
	$(PY) -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --custom-compile-command "make lock" -q pyproject.toml -o requirements.lock
	$(PY) -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --custom-compile-command "make lock" -q pyproject.toml --group dev -o requirements-dev.lock

clean:                     ## remove what make built; work/ with your documents stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tabcrew needs Python 3.11 or newer, this is %s. Name another: make PYTHON=python3.12" % sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock | $(PY)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(PY)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/.run

# A Chrome and, on Linux, a virtual display for the tests in a visible Chrome.
$(VENV)/.browser: | $(VENV)/.dev
	$(PY) -m chrome_launcher.install --with-display
	@touch $@
