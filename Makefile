# Everything a newcomer needs: `make demo` and `make test`, on a machine with Python 3.11+ alone.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: demo test lint benchmark clean

demo: .venv/installed
	$(BIN)/imbtorch compare digits

test: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

benchmark: .venv/installed
	$(BIN)/pytest benchmarks --benchmark-only

lint: .venv/installed
	$(BIN)/pre-commit run --all-files

.venv/installed: constraints.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt pip setuptools
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation --editable '.[cli,dev,knn,metric,tune]'
	touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
