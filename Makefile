# Everything here needs only Python 3.11 or newer and make. `make help` lists what there is.

PORT ?= 5000
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
# The system's own name first; the others for machines where that one is too old.
PYTHONS := $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14 python

.PHONY: help run test lint check bench proof golden format lock runtime dev
.DEFAULT_GOAL := help

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: runtime  ## the form, on this machine only: http://127.0.0.1:5000 (PORT=… for another)
	@exec env WORD_AHEAD_DEMO=1 PORT=$(PORT) $(BIN)/gunicorn 'webapp:create_app()'

test: dev  ## all tests (REQUIRE_ALL=1: a missing browser or server is a failure)
	@$(BIN)/python -m pytest $(ARGS)

lint: dev  ## format, rules, types, imports, templates and words, without the tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/djlint --lint --quiet webapp/web/templates mail_templates
	@$(BIN)/flask --app webapp words check

check: lint test  ## all that must hold before a change is merged

bench: dev  ## the measures, one JSON line each; a missed bound is a failure
	@$(BIN)/python -m benchmarks

golden: dev  ## write the approved letters anew: read what changed aloud before you commit it
	@$(BIN)/python -m tests.golden_letters

proof: dev  ## every campaign, half an hour, and one table of what they tried (ARGS="mail load")
	@$(BIN)/python -m tests.campaigns $(ARGS)

format: dev  ## put the code into its one format, and mend what mends itself
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

lock: $(BIN)/python  ## write the exact versions anew (UPGRADE=--upgrade for newer ones)
	@$(PIP) install 'uv>=0.9'
	@$(BIN)/uv pip compile $(LOCK) -o requirements.lock
	@$(BIN)/uv pip compile $(LOCK) --group dev -c requirements.lock -o requirements-dev.lock

# One lock for every Python and machine; no address of a package registry in it.
LOCK := pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links $(UPGRADE)

# Installs a lock unless exactly this one is installed; the stamps hold the locks' checksums.
runtime: $(BIN)/python
	@sum=$$(cksum < requirements.lock); \
	[ "$$(cat $(VENV)/runtime.stamp 2>/dev/null)" = "$$sum" ] || { \
		echo "Getting what Word Ahead needs. Once only, about a minute."; \
		$(PIP) install --require-hashes -r requirements.lock && echo "$$sum" > $(VENV)/runtime.stamp; }

dev: $(BIN)/python
	@sum=$$(cksum < requirements-dev.lock); \
	[ "$$(cat $(VENV)/dev.stamp 2>/dev/null)" = "$$sum" ] || { \
		echo "Getting what the tests and checks need. Once only, about two minutes."; \
		$(PIP) install --require-hashes -r requirements-dev.lock && echo "$$sum" > $(VENV)/dev.stamp \
		&& cksum < requirements.lock > $(VENV)/runtime.stamp; }

$(BIN)/python:
	@for python in $(PYTHONS); do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		$$python -c 'import ensurepip, venv' 2>/dev/null || { broken=1; continue; }; \
		rm -rf $(VENV) && $$python -m venv $(VENV) && exit 0; \
	done; \
	if [ "$$broken" ]; then \
		echo "This Python lacks its venv module. On Debian or Ubuntu: apt install python3-venv" >&2; \
	else \
		echo "Word Ahead needs Python 3.11 or newer, and there is none on this machine." >&2; \
	fi; exit 1
