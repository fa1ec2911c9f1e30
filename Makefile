# Verbs for people. Needs Python >= 3.11 and make; everything else lands in .venv and a user cache.
PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
ROOMS := schema queries phantom ingest analysis gnn dashboard benchmarks cathograph
DOCS := docs/conf.py docs/generated_pages

# Containers like to forbid Python to write bytecode. Then each of the many processes of a test run would compile
# every module anew, and pytest would rewrite the asserts of every test file in every run.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long test-training test-quick test-thorough test-slow installs check format lock bench docs faults soak night audit clean

help:  ## list the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.ready  ## make .venv with everything, pinned

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Found Python " + sys.version.split()[0] + "; expected 3.11 or newer. Name one: make setup PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# The stamps carry the lock's content in their prerequisites: a changed lock sets up again.
# A constraint with hashes is checked like a requirement with hashes.
.venv/.demo: requirements.lock pyproject.toml | $(BIN)/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint requirements.lock --build-constraints requirements.lock -e '.[ingest]'
	@touch $@

.venv/.ready: requirements.lock pyproject.toml | $(BIN)/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch .venv/.demo $@

demo: .venv/.demo  ## make three samples, fill a database of their own, show what was found
	$(BIN)/cathograph demo

# Two processes, dealt out as tests/distribution.py says (docs/decisions/0022).
PYTEST := $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

test: setup  ## all tests but the long ones, trainings and slow ones
	$(PYTEST) -m "not long and not training and not slow"

test-long: setup  ## tests of pages, of restarted databases, all real images; CI runs them too
	$(PYTEST) -m "long and not training and not slow"

test-training: setup  ## tests that train networks; CI runs them too
	$(PYTEST) -m "training and not slow"

test-quick: setup  ## tests that need no database
	$(BIN)/pytest -m "not long and not training and not slow and not neo4j"

test-thorough: setup  ## tests of `make test` that make their own examples, with twenty times as many; for the night
	$(PYTEST) -m "hypothesis and not slow" --hypothesis-profile=thorough --timeout=7200

test-slow: setup  ## single tests of more than half a minute; CI does not run them
	$(BIN)/pytest -m slow

installs: setup  ## build the wheel, install each documented set by itself, run what it is for (docs/install.md)
	$(BIN)/python .ci/installs.py

check: setup  ## format, lint, types, import contract, generated pages
	$(BIN)/ruff format --check $(ROOMS) tests .ci $(DOCS)
	$(BIN)/ruff check $(ROOMS) tests .ci $(DOCS)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m cathograph.schema.page --check docs/schema.md
	$(BIN)/python -m cathograph.extras_page --check docs/install.md
	$(BIN)/python -m cathograph.ingest.formats.reading_rules --check docs/formats.md
	cd docs && ../$(BIN)/python -m generated_pages.schema_picture --check pictures/schema.svg
	cd docs && ../$(BIN)/python -m generated_pages.architecture --check pictures/architecture.svg

format: setup  ## write what check would ask for
	$(BIN)/ruff format $(ROOMS) tests .ci $(DOCS)
	$(BIN)/ruff check --fix $(ROOMS) tests .ci $(DOCS)
	$(BIN)/python -m cathograph.schema.page docs/schema.md
	$(BIN)/python -m cathograph.extras_page docs/install.md
	$(BIN)/python -m cathograph.ingest.formats.reading_rules docs/formats.md
	cd docs && ../$(BIN)/python -m generated_pages.schema_picture pictures/schema.svg
	cd docs && ../$(BIN)/python -m generated_pages.architecture pictures/architecture.svg

docs: setup  ## build the site in docs/site, warnings as errors; open docs/site/index.html
	$(BIN)/sphinx-build -q -W --keep-going -b html -d docs/site/.doctrees docs docs/site

bench: setup  ## ours beside its rivals
	$(BIN)/cathograph bench contacts

faults: setup  ## make every fault and count what it did (an hour; docs/reliability.md)
	$(BIN)/python -m cathograph.benchmarks.reliability.faults

soak: setup  ## ingest 2000 small images and see whether memory or time grow (a quarter of an hour; docs/reliability.md)
	$(BIN)/python -m cathograph.benchmarks.reliability.soak --csv soak.csv --png soak.png

night: setup  ## ingest 1000 files of which some have bad names, change, or cannot be read (docs/reliability.md)
	$(BIN)/python -m cathograph.benchmarks.reliability.night

audit: setup  ## known vulnerabilities of the locked dependencies (needs their database on the network)
	$(BIN)/python -m cathograph.benchmarks.reliability.dependency_audit

lock: setup  ## pin the versions anew (hashes for all platforms, no registry named)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --all-extras --group dev --group docs pyproject.toml -o requirements.lock --upgrade --custom-compile-command "make lock"

clean:  ## remove .venv and caches of this checkout
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
