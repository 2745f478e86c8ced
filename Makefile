# `make demo` and `make test` set up everything they need in .venv; Python 3.11+ is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_OUTPUT ?= runs/demo-$(shell date +%Y%m%d-%H%M%S)

.PHONY: demo test test-all chaos suite lint format web worker judge-worker beat stack migrate lock clean

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)

# A stamp per lock file, so that a changed lock is installed before anything runs.
$(VENV)/.base: requirements/base.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.base | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

demo: $(VENV)/.base
	$(BIN)/python manage.py eng5 execute \
		--students samples/students --anchors samples/anchors --grades samples/grades.csv \
		--task samples/task.md --rubric samples/rubric.md \
		--provider mock --mock-truth samples/grades.csv --mock-slope 2 \
		--max-comparisons 400 --seed 1 --label $(notdir $(DEMO_OUTPUT)) --output $(DEMO_OUTPUT)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist worksteal --durations=60 --durations-min=5

# Needs Debian's chromium, postgresql, redis-server and prometheus as well.
test-all: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto -m ""

# Kills, restarts and floods with real processes (docs/chaos.md); needs postgresql and redis-server.
SEEDS ?= 3
chaos: $(VENV)/.dev
	$(BIN)/python -m tests.chaos --seeds $(SEEDS)

# One batch against a profile of the emulator (docs/suite.md); SUITE_STACK=servers needs
# postgresql and redis-server.
PROFILE ?= regular
suite: $(VENV)/.dev
	$(BIN)/python -m tests.suite $(PROFILE)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

migrate: $(VENV)/.base
	$(BIN)/python manage.py migrate --verbosity 0

web: migrate
	$(BIN)/gunicorn -c python:cjproject.serving cjproject.wsgi

# Two kinds, so that a provider that hangs keeps only its own callers waiting.
worker: $(VENV)/.base
	$(BIN)/celery -A cjproject worker --queues assessment,upkeep,jobs --loglevel INFO

# PROVIDER_WORKERS: how many calls this one makes at a time; they mostly wait, so threads will do.
PROVIDER_WORKERS ?= $(or $(LLM_PROVIDER_SERVICE_PROVIDER_WORKERS),16)
judge-worker: $(VENV)/.base
	$(BIN)/celery -A cjproject worker --queues provider --loglevel INFO \
		--pool threads --concurrency $(PROVIDER_WORKERS) --hostname judge@%h

beat: $(VENV)/.base
	$(BIN)/celery -A cjproject beat --loglevel INFO

# docker-compose.yml's commands, without Docker; needs postgresql and redis-server, and takes
# prometheus where it is installed. STACK="--scale worker=2" for more workers.
stack: $(VENV)/.dev
	$(BIN)/python -m deploy.stack $(STACK)

# Needs uv. No index host is written into the lock files.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header -o requirements/base.txt
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header -o requirements/dev.txt

clean:
	rm -rf $(VENV) var staticfiles
