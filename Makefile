# The main targets: `make demo` shows the program at work, `make test` checks it.
.DEFAULT_GOAL := help
.PHONY: help demo how-it-works test pytest test-slow test-all test-lowest lint bench bench-accuracy bench-checks bench-classes bench-cluster bench-cnn bench-explanations bench-general bench-few bench-folds bench-languages bench-large bench-reading bench-serve bench-shares bench-speed bench-summarize model notebook release sbom torture clean

PYTHONS := python3.13 python3.12 python3.11 python3 python
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
# With bytecode written, modules of tests are not compiled by every process anew.
PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses 3 --dist worksteal --quiet
# Additional version constraints for pip, such as numpy==2.0.
PINS :=

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Try each name: one on PATH may be a shim that a version manager left behind.
$(READY): pyproject.toml
	@for python in $(PYTHONS); do \
	    if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; \
	    then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "None of $(PYTHONS) runs here as Python 3.11, 3.12 or 3.13. Get one from https://www.python.org/downloads/ or your package manager." >&2; exit 1; \
	fi; \
	if [ ! -x $(BIN)/python ] || ! $(BIN)/python -c '' 2>/dev/null; then \
	    echo "Setting up $(VENV) with $$found (once; TensorFlow is a large download) ..."; \
	    rm -rf $(VENV) benchmarks/.peers && $$found -m venv $(VENV); \
	fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' $(PINS)
	@$(BIN)/python -m compileall -q sentiment # as pip does for packages that are not editable
	@touch $@

define DEMO
run() { printf '\n\033[1m$$ sentiment'; for word; do case $$word in *' '*) printf ' "%s"' "$$word";; \
    *) printf ' %s' "$$word";; esac; done; printf '\033[0m\n'; $(BIN)/sentiment "$$@"; }; \
set -e; \
run train data/train.csv -o demo.safetensors --force; \
run evaluate data/test.csv -m demo.safetensors; \
run predict -m demo.safetensors "A warm, funny film with a wonderful cast." \
    "The zip broke on day two and nobody answered my emails."; \
printf '\nTo use it in this shell from here:\n\n  source $(BIN)/activate\n'; \
printf '  sentiment predict -m demo.safetensors "your text"\n  sentiment --help\n\n'
endef

demo: $(READY) ## set up, train on data/, evaluate, predict
	@$(DEMO)

how-it-works: $(READY) ## write docs/how-it-works.md and its pictures from the demo model
	@$(BIN)/python -m tools.how_it_works

test: lint pytest ## lint, type-check and run the tests

pytest: $(READY)
	@$(PYTEST) -m "not slow"

test-slow: $(READY) ## run the slow tests: repeated trainings, statistics, built wheels
	@$(PYTEST) -m slow

test-all: ## run all tests on Python 3.11, 3.12 and 3.13, each in its own environment
	@for python in python3.11 python3.12 python3.13; do echo "$$python:"; \
	    $(MAKE) --no-print-directory VENV=.venv-$$python PYTHONS=$$python test test-slow || exit; done

test-lowest: ## run all tests with the lowest versions that pyproject.toml allows, on Python 3.11
	@pins=$$(python3.11 .ci/lowest.py) && \
	    $(MAKE) --no-print-directory VENV=.venv-lowest PYTHONS=python3.11 PINS="$$pins" pytest test-slow

notebook: $(READY) ## run docs/notebook.ipynb again
	@$(BIN)/python -m tools.notebook

release: $(READY) ## build wheel and sdist in dist/, and check them
	@$(BIN)/python -m venv .venv-release && .venv-release/bin/python -m pip install --quiet --disable-pip-version-check build twine
	@rm -rf dist && .venv-release/bin/python -m build --outdir dist . && .venv-release/bin/twine check --strict dist/*

sbom: $(READY) ## write sbom.json, what an installation holds, with licences (CycloneDX)
	@$(BIN)/python -m venv .venv-sbom && .venv-sbom/bin/python -m pip install --quiet --disable-pip-version-check 'cyclonedx-bom>=7,<8'
	@$(BIN)/python -m tools.sbom .venv-sbom/bin/cyclonedx-py

lint: $(READY) ## ruff and mypy
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet . && $(BIN)/mypy

bench: bench-speed bench-serve bench-accuracy bench-general bench-explanations ## run every benchmark (needs ../shared/datasets)

bench-accuracy: $(READY) ## accuracy compared with peers, written to benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/accuracy.py

bench-checks: $(READY) ## flipped labels found, and drift (half an hour), written to benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/checks.py $(PARTS)

bench-classes: $(READY) ## more than two classes compared with peers (half an hour), written to benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/classes.py $(PARTS)

bench-cluster: $(READY) ## scoring on a cluster (needs Ray), written to benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/cluster.py

bench-explanations: $(READY) ## faithfulness of explanations, written to benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/explanations.py

bench-cnn: $(READY) ## the convolutional network (an hour; PARTS="sst2 forward" some), written to benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/cnn.py $(PARTS)

bench-few: $(READY) ## few and unbalanced reviews compared with scikit-learn, written to benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/few.py

bench-folds: $(READY) ## intervals of cross-validation, curves, tuning (an hour; PARTS="coverage" some), written to benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/folds.py $(PARTS)

bench-general: $(READY) ## the bundled models beside VADER (hours; PARTS="real probe" some), written to benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/general.py $(PARTS)

bench-languages: $(READY) ## languages told apart, and English not lost, written to benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/languages.py

bench-large: $(READY) ## training on data larger than memory (an hour), written to benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/large.py

bench-reading: $(READY) ## large JSON, .xlsx and .zip beside pandas, written to benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/reading.py $(PARTS)

bench-serve: $(READY) ## the HTTP service compared with peers (PARTS="reload" some), written to benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/serving.py $(PARTS)

bench-shares: $(READY) ## shares of many reviews, and whether their intervals hold (half an hour), written to benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/shares.py

bench-speed: $(READY) ## speed and memory compared with peers, written to benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/speed.py

bench-summarize: $(READY) ## time and memory of summarize beside predict, written to benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/summarizing.py

model: $(READY) ## train the bundled models (three hours; needs ../shared/datasets)
	@$(BIN)/python -m tools.general

torture: $(READY) ## try to break it (up to an hour), written to benchmarks/RELIABILITY.md
	@$(BIN)/python -m tests.torture

clean: ## remove everything that make creates
	@rm -rf .venv* benchmarks/.peers benchmarks/.models demo.safetensors sbom.json build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
