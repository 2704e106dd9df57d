# Everything happens in .venv, which is made on first use from the pinned versions and hashes of constraints.txt.
# You need Python 3.11 or later, and make. Another Python: make demo PYTHON=python3.12

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STACKED := .venv-autogluon
BOTTLE := .venv-bottlecrm
DBT    := .venv-dbt
SITE   := .venv-docs
PY     := $(BIN)/python
UV     := uv==0.13.9

# Two workers; a file's tests stay together, so that what a file fits once is not fitted twice. The files keep the order
# of conftest.py, slow ones first; else those with the most tests would come first, and they are quick.
# What Python compiles is kept, though the environment may ask for the opposite: each of the programs that tests start
# would compile everything again, and each worker all tests.
PYTEST := PYTHONDONTWRITEBYTECODE= $(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: pictures help demo bottlecrm test test-fast lint format docs bench bench-quality bench-worlds bench-segments bench-curve bench-promise bench-ages bench-fairness bench-steps bench-fit-time bench-million bench-lists bench-hand-written bench-list-events bench-spark bench-postgresql bench-api bench-events bench-book printed pins clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.installed  ## Train on a simulated history, score a list, explain one lead, fill a desk
	$(BIN)/leadledger demo

bottlecrm: $(BOTTLE)/.installed  ## Run a BottleCRM with 200 leads on this machine, to sync with (ARGS="--port 8800")
	@$(BOTTLE)/bin/python examples/bottlecrm/trial.py serve $(ARGS)

test: $(VENV)/.installed  ## Run every test (ARGS="-k gate" for some)
	$(PYTEST) $(ARGS)

test-fast: $(VENV)/.installed  ## Run the tests that take less than half a second each, with fewer examples and cases
	HYPOTHESIS_PROFILE=quick $(PYTEST) -m "not slow" $(ARGS)

lint: $(VENV)/.installed  ## Check style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.installed  ## Format the code and apply safe fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed  ## Measure ratios to named baselines, in one run
	$(PY) -m benchmarks $(ARGS)

bench-quality: $(VENV)/.rivals $(STACKED)/.installed  ## Predicted probabilities on real sets, beside other learners (ARGS="--sets olist")
	$(PY) -m benchmarks quality $(ARGS)

bench-worlds: $(VENV)/.rivals  ## How far predicted probabilities are from the truth, where it is known (ARGS="--worlds threes")
	$(PY) -m benchmarks worlds $(ARGS)

bench-segments: $(VENV)/.installed  ## What tables of their own are worth to segments of 50 to 5,000 leads
	$(PY) -m benchmarks segments $(ARGS)

bench-curve: $(VENV)/.rivals  ## What 100 to 3,000 leads teach, beside rules alone and other learners
	$(PY) -m benchmarks learning_curve $(ARGS)

bench-promise: $(VENV)/.installed  ## How often a promised precision is broken, on histories with known truth
	$(PY) -m benchmarks promise $(ARGS)

bench-steps: $(VENV)/.installed  ## The chance of a sale, of each step up to it, and the expected value, beside the truth
	$(PY) -m benchmarks steps $(ARGS)

bench-fit-time: $(VENV)/.rivals  ## Time of our fit and of a whole training, beside CatBoost's fit (ARGS="--repeats 1")
	$(PY) -m benchmarks fit_time $(ARGS)

bench-ages: $(VENV)/.installed  ## How often older leads are found to foretell less, and what that gains
	$(PY) -m benchmarks ages $(ARGS)

bench-fairness: $(VENV)/.installed  ## How often fairness is judged rightly, on groups with known rates
	$(PY) -m benchmarks fairness $(ARGS)

bench-million: $(VENV)/.installed  ## Time and memory of training on a million leads (ARGS="--leads 100000")
	$(PY) -m benchmarks million $(ARGS)

bench-lists: $(VENV)/.installed  ## Long lists beside DuckDB's own copy of them, and their memory (ARGS="--rows 200000")
	$(PY) -m benchmarks lists $(ARGS)

bench-hand-written: $(VENV)/.installed  ## A long list beside Polars expressions of the same card, and LightGBM's predictor
	$(PY) -m benchmarks hand_written $(ARGS)

bench-list-events: $(VENV)/.installed  ## A list with twenty events for each lead, beside DuckDB's own counts (ARGS="--leads 100000")
	$(PY) -m benchmarks list_events $(ARGS)

bench-spark: $(VENV)/.installed  ## Scoring on Spark, beside its own scan, and the ways to print look-up tables
	$(PY) -m benchmarks spark $(ARGS)

bench-postgresql: $(VENV)/.installed  ## Scoring inside PostgreSQL, beside its own scan
	$(PY) -m benchmarks postgresql $(ARGS)

bench-api: $(VENV)/.installed  ## The service beside a bare FastAPI app (ARGS="--soak 600", memory under load)
	$(PY) -m benchmarks api $(ARGS)

bench-events: $(VENV)/.installed  ## Storing events, beside a bare FastAPI app and SQLite alone
	$(PY) -m benchmarks stored_events $(ARGS)

bench-book: $(VENV)/.installed  ## Lists of a million known leads, while a hundred a second are scored
	$(PY) -m benchmarks book $(ARGS)

printed: $(VENV)/.installed  ## Rewrite tests/cases/printed; review the diff
	$(PY) -m tests.golden_files

pictures: $(VENV)/.installed  ## Take the pictures in docs/pictures anew; needs Chromium
	$(PY) -m tests.api.pages.pictures

docs: $(VENV)/.installed $(SITE)/.installed  ## Build the documentation site into site/, with links checked
	$(PY) -m tests.documentation

# It needs an older pandas than ours, so it has an environment of its own; without torch and ray.
AUTOGLUON := autogluon.tabular[lightgbm,catboost,xgboost]>=1.6,<2

# BottleCRM asks for Python 3.12 and Django 6, and runs on Python 3.11 with Django 5.2 as well. So what it needs stands
# here, without what only its PDF files need; Pillow comes with those. Its own hash is asked for by itself: uv would heed
# the Python that it names.
BOTTLECRM := django-crm==1.35.0
BOTTLECRM_NEEDS := celery django>=5.2,<6 django-cors-headers django-crum django-ses django-storages djangorestframework \
    djangorestframework-simplejwt drf-spectacular defusedxml disposable-email-domains faker google-auth google-re2 \
    openpyxl phonenumbers pillow psycopg[binary,pool] python-dateutil python-dotenv redis requests sentry-sdk tzdata \
    uvicorn whitenoise cryptography

# dbt 1.12 needs a parser whose package fetches a program when it is installed.
DBT_NEEDS := dbt-core>=1.11,<1.12 dbt-duckdb>=1.11,<2

EXTRAS := --extra train --extra excel --extra postgres --extra spark --extra mcp --extra googlesql --extra dev

# The universal resolution gives one file for every platform and for Python 3.11 and later, one version of each package.
# Hashes of all public files of a version are listed; no index is named.
pins:  ## Rewrite constraints.txt (ARGS="--upgrade" for newer versions)
	$(PYTHON) -m venv .pins
	.pins/bin/python -m pip install --quiet $(UV)
	.pins/bin/uv pip compile pyproject.toml $(EXTRAS) --output-file constraints.txt $(ARGS) \
	    --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make pins" --quiet
	.pins/bin/uv pip compile pyproject.toml $(EXTRAS) --extra bench --constraint constraints.txt \
	    --output-file constraints-bench.txt $(ARGS) \
	    --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make pins" --quiet
	echo '$(AUTOGLUON)' | .pins/bin/uv pip compile - --output-file constraints-autogluon.txt $(ARGS) \
	    --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make pins" --quiet
	echo '$(BOTTLECRM_NEEDS)' | tr ' ' '\n' | .pins/bin/uv pip compile - --output-file constraints-bottlecrm.txt $(ARGS) \
	    --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make pins" --quiet
	.pins/bin/python -m pip download --quiet --no-deps --ignore-requires-python --dest .pins/bottlecrm '$(BOTTLECRM)'
	echo '$(BOTTLECRM) \' >> constraints-bottlecrm.txt
	.pins/bin/python -m pip hash .pins/bottlecrm/* | grep '^--hash' | sed 's/^/    /' >> constraints-bottlecrm.txt
	echo '$(DBT_NEEDS)' | tr ' ' '\n' | .pins/bin/uv pip compile - --output-file constraints-dbt.txt $(ARGS) \
	    --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make pins" --quiet
	$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["docs"], sep="\n")' \
	    | .pins/bin/uv pip compile - --output-file constraints-docs.txt $(ARGS) \
	    --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make pins" --quiet
	rm -r .pins
	@! grep -n -i -e '://' -e '--index' -e '--find-links' constraints.txt constraints-bench.txt constraints-autogluon.txt \
	    constraints-bottlecrm.txt constraints-dbt.txt constraints-docs.txt

clean:  ## Remove .venv and everything that the tools leave behind
	rm -rf $(VENV) $(STACKED) $(BOTTLE) $(DBT) $(SITE) site .pins .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Two steps, so that a change of pyproject.toml costs a second and only a change of the pins builds .venv anew.
$(VENV)/.pinned: constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "leadledger needs Python 3.11 or later, and $(PYTHON) is not. Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	@touch $@

# A clone has these links; a source distribution can't carry them.
LINKS := $(addprefix leadledger/,scoring models training api)
$(LINKS):
	ln -s ../$(@F) $@

# The build backend is among the pins, so nothing is fetched here.
$(VENV)/.installed: $(VENV)/.pinned pyproject.toml | $(LINKS)
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# What the benchmarks measure against, in the same versions as constraints.txt where both name a package.
$(VENV)/.rivals: constraints-bench.txt $(VENV)/.installed
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints-bench.txt
	@touch $@

$(STACKED)/.installed: constraints-autogluon.txt
	$(PYTHON) -m venv --clear $(STACKED)
	$(STACKED)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints-autogluon.txt
	@touch $@

# `--no-deps`: the file names all that is needed, and BottleCRM's own metadata more than that.
$(BOTTLE)/.installed: constraints-bottlecrm.txt
	$(PYTHON) -m venv --clear $(BOTTLE)
	$(BOTTLE)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python \
	    --require-hashes -r constraints-bottlecrm.txt
	@touch $@

# For tests of `leadledger dbt`, and to build the documentation: each in an environment of its own.
$(DBT)/.installed: constraints-dbt.txt
	$(PYTHON) -m venv --clear $(DBT)
	$(DBT)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r constraints-dbt.txt
	@touch $@

$(SITE)/.installed: constraints-docs.txt
	$(PYTHON) -m venv --clear $(SITE)
	$(SITE)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r constraints-docs.txt
	@touch $@
