# `make run` and `make test` do everything on a machine with Python 3.11+ and make.
# PYTHON=... names the interpreter for .venv, PORT=... the port of `make run` and `make books`.
.DEFAULT_GOAL := help
.PHONY: help run books analysis test test-wheel test-new test-plugins test-protocol test-websockets test-contract test-debug fuzz soak load mutants bench docs docs-serve format assets clean

PORT ?= 8000
export PYTHON

VENV := .venv
# One stamp per set of extras; a changed pyproject.toml makes both old.
RUN := $(VENV)/.installed-run
DEV := $(VENV)/.installed-dev
# Plugins want other versions of what the rest needs, so they have environments of their own.
PLUGINS_VENVS := .venv-plugins
BENCH_VENV := .venv-bench
BENCH := $(BENCH_VENV)/.installed
AUTOBAHN_VENV := .venv-autobahn

help:
	@echo "make run      serve the Task Manager example on http://127.0.0.1:$(PORT) (PORT=... to change)"
	@echo "make books    serve the book API on http://127.0.0.1:$(PORT) (PORT=... to change)"
	@echo "make analysis  async def against def, measured and drawn (two minutes; ANALYSIS='--seconds 0.1' for a short one)"
	@echo "make test     all checks: ruff, mypy, pyright, tests with coverage"
	@echo "make test-wheel  build the wheel, install it into an empty environment and try it (TESTS=... to run tests against it)"
	@echo "make test-plugins  FastAPI's plugins, unmodified, on FastAPI and on Typeway"
	@echo "make test-protocol  uvicorn's own tests of HTTP and WebSockets, with Typeway's protocol class"
	@echo "make test-websockets  Autobahn's WebSocket suite through the protocol class and through uvicorn (a minute; ALL=1 for an hour; needs Python 2.7)"
	@echo "make test-contract  schemathesis on the examples and a conformance application (SEEDS=1-5, EXAMPLES=... for more)"
	@echo "make test-debug  the tests under PYTHONASYNCIODEBUG=1 and -X dev (TESTS=... for some of them)"
	@echo "make test-new  every variant of typeway new, from the built wheel, with its own checks and tests (VARIANT=sqlite-jwt for one)"
	@echo "make fuzz     generated requests to every kind of input (ten minutes), and to the protocol class beside h11 (five); SECONDS=..., SEED=..."
	@echo "make soak     mixed requests at full speed, with memory and open files watched (ten minutes; SECONDS=..., COUNT=..., WORKLOAD=plain)"
	@echo "make load     the Task Manager under load on SQLite and PostgreSQL, beside FastAPI (three minutes; LOAD='--seconds 2 --rounds 1')"
	@echo "make mutants  try 240 mutants of declare, plan and serve (half an hour; SEED=..., NUMBER=..., or MUTANT=... TESTS=...)"
	@echo "make bench    compare with other frameworks; results go to benchmarks/results (BENCHMARKS='stacks latency idle' for some)"
	@echo "make docs     build the documentation site into site/"
	@echo "make docs-serve  show the documentation site on http://127.0.0.1:$(PORT), and build it again when a page changes"
	@echo "make format   fix and format the code"
	@echo "make assets   refresh the files of the documentation pages from npm"
	@echo "make clean    remove .venv and everything that was generated"
	@echo "PYTHON=python3.12 make ...   choose the interpreter (3.11 or newer)"

run: $(RUN)
	@TASK_MANAGER_DEMO=1 $(VENV)/bin/typeway run examples.task_manager.main:app --host 127.0.0.1 --port $(PORT)

# The demo has one reader, unless the environment names others, whose tokens are nobody's business here.
books: $(RUN)
	@[ -n "$$BOOKS_READERS" ] || echo "GET /books/{book_id}/summary wants a token; here it is let-me-read"
	@BOOKS_READERS="$${BOOKS_READERS:-reader:let-me-read}" \
		$(VENV)/bin/typeway run examples.books.main:app --host 127.0.0.1 --port $(PORT)

analysis: $(RUN)
	@$(VENV)/bin/python -m examples.books.analysis $(ANALYSIS)

test: $(DEV)
	@scripts/check
	@scripts/test

test-wheel: $(DEV)
	@$(VENV)/bin/python -m scripts.wheel $(if $(TESTS),--tests $(TESTS))

test-plugins: $(DEV)
	@$(VENV)/bin/python -m scripts.plugins install
	@TYPEWAY_TEST_PLUGINS=1 $(VENV)/bin/pytest tests/plugins

test-protocol: $(DEV)
	@$(VENV)/bin/python -m scripts.uvicorn_tests

test-contract: $(DEV)
	@$(VENV)/bin/python -m scripts.contract $(if $(SEEDS),--seeds $(SEEDS)) $(if $(EXAMPLES),--examples $(EXAMPLES))

# No time limit for a test: asyncio's debug mode makes each step of a task several times slower.
test-debug: $(DEV)
	@PYTHONASYNCIODEBUG=1 PYTHONDEVMODE=1 $(VENV)/bin/pytest --timeout 600 $(TESTS)

test-new: $(DEV)
	@$(VENV)/bin/python -m scripts.new_projects $(if $(VARIANT),--only $(VARIANT))

fuzz: $(DEV)
	@$(VENV)/bin/python -m tests.serve.fuzzing $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))
	@$(VENV)/bin/python -m tests.protocol.differential $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

mutants: $(DEV)
	@$(VENV)/bin/python -m scripts.mutants $(if $(SEED),--seed $(SEED)) $(if $(NUMBER),--number $(NUMBER)) \
		$(if $(MUTANT),--mutant $(MUTANT)) $(if $(TESTS),--tests $(TESTS))

test-websockets: $(DEV)
	@$(VENV)/bin/python -m scripts.autobahn $(if $(ALL),--all)

soak: $(DEV)
	@$(VENV)/bin/python -m scripts.soak $(if $(SECONDS),--seconds $(SECONDS)) $(if $(COUNT),--count $(COUNT)) \
		$(if $(WORKLOAD),--workload $(WORKLOAD))

load: $(DEV)
	@$(VENV)/bin/python -m scripts.load $(LOAD)

bench: $(BENCH)
	@$(BENCH_VENV)/bin/python -m benchmarks --save $(BENCHMARKS)

docs: $(DEV)
	@$(VENV)/bin/zensical build --strict

docs-serve: $(DEV)
	@$(VENV)/bin/zensical serve --dev-addr 127.0.0.1:$(PORT)

format: $(DEV)
	@scripts/format

assets: $(DEV)
	@$(VENV)/bin/python scripts/refresh_assets.py

$(RUN): pyproject.toml scripts/install
	@scripts/install standard,examples
	@touch $@

# The frameworks and servers that are compared want other versions of what the rest needs.
$(BENCH): pyproject.toml scripts/install
	@scripts/install standard,telemetry,bench $(BENCH_VENV)
	@touch $@

$(DEV): pyproject.toml scripts/install
	@scripts/install standard,dev
	@touch $@ $(RUN)

clean:
	rm -rf $(VENV) $(PLUGINS_VENVS) $(BENCH_VENV) $(AUTOBAHN_VENV) .venv-wheel .venv-contract .uvicorn-tests site .cache __pycache__ build dist htmlcov .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis .mutants
	find src tests examples benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
