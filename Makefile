# Everything here needs git, make and a Python with its venv module. `make help` lists what there is.

PORT ?= 5000
VENV := .venv
BIN := $(VENV)/bin
# The one way to install a lock: these very files, ready built, and nothing that the lock does not name. So
# what appears in the world after the lock was written changes nothing, and an old pip has nothing to work out.
# tests/test_locks.py holds every other file to the same words.
INSTALL := pip install --no-deps --require-hashes --only-binary :all: -r
# The system's own name first; the others where that one is too old, or newer than what the locks were tried with.
PYTHONS := $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14 python /usr/bin/python3 \
	$(wildcard $(HOME)/.pyenv/versions/3.1*/bin/python3)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run test lint words check bench proof golden trees format lock runtime dev venv
.DEFAULT_GOAL := help

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: runtime  ## the form, on this machine only: http://127.0.0.1:5000 (PORT=… for another)
	@exec env WORD_AHEAD_DEMO=1 PORT=$(PORT) $(BIN)/python -m webapp

test: dev  ## all tests (REQUIRE_ALL=1: a missing browser or server is a failure)
	@$(BIN)/python -m pytest $(ARGS)

lint: dev  ## format, rules, types, imports, templates and words, without the tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/djlint --lint --quiet webapp/web/templates mail_templates
	@$(BIN)/python -m flask --app webapp words check

words: dev  ## read all words as a strict editor would
	@$(BIN)/python -m flask --app webapp words check

check: lint test  ## all that must hold before a change is merged

bench: dev  ## the measures, one JSON line each; a missed bound is a failure
	@$(BIN)/python -m benchmarks

golden: dev  ## write the approved letters anew: read what changed aloud before you commit it
	@$(BIN)/python -m tests.golden_letters

trees: dev  ## write anew what a screen reader gets of each page: read what changed, in order
	@$(BIN)/python -m tests.page_trees

proof: dev  ## every campaign, half an hour, and one table of what they tried (ARGS="mail load")
	@$(BIN)/python -m tests.campaigns $(ARGS)

format: dev  ## put the code into its one format, and mend what mends itself
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

lock: venv  ## write the exact versions anew (UPGRADE=--upgrade for newer ones)
	@$(call install,requirements-uv.lock)
	@$(BIN)/uv pip compile pyproject.toml $(LOCK) -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml $(LOCK) --group dev -c requirements.lock -o requirements-dev.lock
	@$(BIN)/uv pip compile $(LOCK) --group lock -o requirements-uv.lock
	@cp requirements.lock requirements.txt

# One lock for every Python and machine, of files that are ready built; no address of a package registry in it.
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--only-binary :all: --emit-build-options --no-emit-index-url --no-emit-find-links $(UPGRADE)

# Installs a lock; once more if that fails, since a network has bad moments.
install = $(BIN)/python -m $(INSTALL) $(1) -qq || $(BIN)/python -m $(INSTALL) $(1) -q

# Installs a lock unless exactly this one is installed; the stamps hold the locks' checksums.
runtime: venv
	@sum=$$(cksum < requirements.lock); \
	[ "$$(cat $(VENV)/runtime.stamp 2>/dev/null)" = "$$sum" ] || { \
		echo "Getting what Word Ahead needs. Once only, about a minute."; \
		{ $(call install,requirements.lock); } && echo "$$sum" > $(VENV)/runtime.stamp; }

dev: venv
	@sum=$$(cksum < requirements-dev.lock); \
	[ "$$(cat $(VENV)/dev.stamp 2>/dev/null)" = "$$sum" ] || { \
		echo "Getting what the tests and checks need. Once only, about two minutes."; \
		{ $(call install,requirements-dev.lock); } && echo "$$sum" > $(VENV)/dev.stamp \
		&& cksum < requirements.lock > $(VENV)/runtime.stamp; }

# Made where there is none, and anew where its Python is gone or has become another, as on the next Debian.
venv:
	@$(BIN)/python -c 'import pip' 2>/dev/null || { $(MAKE_VENV) }

# First whatever Python the locks were tried with; then a newer one, which may work as well.
define MAKE_VENV
for newest in 14 99; do for python in $(PYTHONS); do \
	$$python -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, $$newest))" 2>/dev/null || continue; \
	$$python -c 'import ensurepip, venv' 2>/dev/null || { broken=1; continue; }; \
	[ $$newest = 14 ] || echo "Word Ahead was tried with Python 3.11 to 3.14, and this one is newer. It may not work." >&2; \
	rm -rf $(VENV) && $$python -m venv $(VENV) && exit 0; \
done; done; \
if [ "$$broken" ]; then \
	echo "This Python lacks its venv module. On Debian or Ubuntu: apt install python3-venv" >&2; \
else \
	echo "Word Ahead needs Python 3.11 or newer, and there is none on this machine." >&2; \
fi; exit 1;
endef
