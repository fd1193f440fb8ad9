# `make demo` and `make test` do all the set-up: Python 3.11+ and make are enough.

PYTHON ?= python3
VENV ?= .venv
JOBS ?= auto
BIN = $(VENV)/bin
DEMO = build/demo

.PHONY: help demo test fast lint format bench examples clean

help:
	@echo "make demo      install into .venv, then check, compile, print and draw topologies/shop.toml"
	@echo "make test      install, then run every test (those of a broker need RabbitMQ and Redis)"
	@echo "make fast      the tests that need no broker"
	@echo "make lint      ruff, mypy, import contracts, generated files"
	@echo "make bench     speed and memory, as ratios"
	@echo "make examples  write again what is generated: examples, tables, docs"

# The stamps are files in the environment, so that an install happens once.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

$(VENV)/.installed: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	@$(BIN)/python -m compileall -q src/qtopo # as pip does for what is not editable
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed pyproject.toml
	$(BIN)/python -m pip install --quiet --group test
	@touch $@

$(VENV)/.installed-lint: $(VENV)/.installed-test pyproject.toml
	$(BIN)/python -m pip install --quiet --group lint
	@touch $@

demo: $(VENV)/.installed
	@mkdir -p $(DEMO)
	@echo '$$ qtopo check topologies/shop.toml'
	@$(BIN)/qtopo check topologies/shop.toml
	@echo; echo '$$ qtopo emit -t topologies/shop.toml $(DEMO)/celeryconfig.py'
	@$(BIN)/qtopo emit -t topologies/shop.toml $(DEMO)/celeryconfig.py
	@sed -n '1,40p' $(DEMO)/celeryconfig.py
	@echo '...'
	@echo; echo '$$ qtopo workers -t topologies/shop.toml'
	@$(BIN)/qtopo workers -t topologies/shop.toml
	@echo; echo '$$ qtopo workers -t topologies/shop.toml --print-commands'
	@$(BIN)/qtopo workers -t topologies/shop.toml --print-commands
	@echo; echo '$$ qtopo route -t topologies/shop.toml shop.emails.receipt'
	@$(BIN)/qtopo route -t topologies/shop.toml shop.emails.receipt
	@echo; echo '$$ qtopo test -t topologies/shop.toml'
	@$(BIN)/qtopo test -t topologies/shop.toml
	@echo; echo '$$ qtopo graph -t topologies/shop.toml'
	@$(BIN)/qtopo graph -t topologies/shop.toml
	@$(BIN)/qtopo graph -t topologies/shop.toml -o $(DEMO)/shop.mmd
	@$(BIN)/qtopo graph -t topologies/shop.toml -o $(DEMO)/shop.dot
	@$(BIN)/qtopo graph -t topologies/shop.toml -o $(DEMO)/shop.svg
	@$(BIN)/qtopo emit -t topologies/shop.toml $(DEMO)/compose.yaml
	@$(BIN)/qtopo emit -t topologies/shop.toml --target systemd $(DEMO)/systemd/
	@$(BIN)/qtopo emit -t topologies/shop.toml --target kubernetes $(DEMO)/kubernetes/
	@$(BIN)/qtopo emit -t topologies/shop.toml $(DEMO)/definitions.json
	@echo; echo 'See $(DEMO) for what was written.'

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

fast: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m 'not broker' $(PYTEST_ARGS)

lint: $(VENV)/.installed-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/generate.py --check

format: $(VENV)/.installed-lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-test
	$(BIN)/python benchmarks/run.py $(BENCH_ARGS)

examples: $(VENV)/.installed-lint
	$(BIN)/python scripts/generate.py

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
