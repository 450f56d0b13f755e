# Two commands do all: `make lab` opens JupyterLab with the kernel ready, `make test` checks the house.
# Everything else is a step of those two. Each step does only what is not done yet.

CARGO_TARGET_DIR ?= $(CURDIR)/target
export CARGO_TARGET_DIR
VENV := $(CURDIR)/.venv
RACE_VENV := $(CURDIR)/.venv-race
# The packages that wrote the fixtures of tests/references, and what the last green comparison said.
REFERENCES_VENV := $(CURDIR)/.venv-references
REFERENCES_PASSED := $(CARGO_TARGET_DIR)/references.passed
PYTHON := $(VENV)/bin/python
KERNEL := $(CARGO_TARGET_DIR)/release/mlnotes-kernel
SPEC := $(VENV)/share/jupyter/kernels/mlnotes/kernel.json
PYTEST := $(PYTHON) -m pytest -q
# Two processes, each with files of its own: a cell keeps one core busy.
PYTEST2 := $(PYTEST) -n 2 --dist loadfile
# The book's builder has an environment of its own: nothing of it is needed to run or test notebooks.
BOOK_VENV := $(CURDIR)/.venv-book
BOOK := $(CURDIR)/book

.PHONY: lab test test-all tools python kernel kernel-program lint unit docs conformance notebooks planted \
        stock stock-kernel browser book book-check references mutate bench bench-kernel bench-models always clean

# JupyterLab refuses to run for root unless told; a container's only user often is root.
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)

lab: kernel
	$(VENV)/bin/jupyter lab $(AS_ROOT) --notebook-dir=notebooks

# The steps of `make test`, and what each has cost at the end.
STEPS := tools kernel lint unit docs conformance notebooks stock planted browser book-check

test:
	@MAKE="$(MAKE)" scripts/steps.sh $(STEPS)
	@echo "all checks passed"

# Every check in full, for the night: each chapter on the stock kernel and whole in the browser, each fixture
# made anew by its reference, each planted error red.
test-all:
	$(MAKE) test STOCK=all BROWSER=all
	$(MAKE) references mutate
	@echo "all checks passed, each in full"

# Says which tool is missing, and what to do about it.
tools:
	@scripts/check-tools.sh

# The Python side, pinned to the last package in requirements.lock.
python: tools $(VENV)/.complete
$(VENV)/.complete: requirements.lock
	@echo "== Python environment in .venv"
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r requirements.lock \
	  || { echo "the Python packages could not be installed: see the lines above; they need a network and Python 3.11 or later"; exit 1; }
	touch $@

# The kernel, the crates that notebooks see, and the kernel spec: set-up without opening anything. The Python packages
# come while the kernel is compiled.
kernel: tools
	@$(MAKE) --no-print-directory -j2 python kernel-program
	@echo "== the notebooks' crates"
	$(KERNEL) build notebooks
	VIRTUAL_ENV=$(VENV) $(KERNEL) install --sys-prefix

kernel-program:
	@echo "== kernel (about 8 minutes on two cores the first time)"
	cargo build --locked --release -p mlnotes-kernel

# Clippy compiles the tests that `make unit` runs: `cargo clippy` would compile every dependency a second
# time, without code (docs/decisions/0014). `cargo clippy` by hand works as ever. The library without its features
# and with each alone is checked without code; what that makes of the dependencies serves `make docs`.
DENY := CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__
LINTED := RUSTC_WORKSPACE_WRAPPER=clippy-driver $(DENY)
TEST := $(LINTED) cargo test --locked --release --config tests/checked.toml

lint:
	cargo fmt --all --check
	@! $(DENY) clippy-driver --emit metadata -o $(CARGO_TARGET_DIR)/planted.rmeta tests/lint/planted.rs 2>/dev/null \
	  || { echo "clippy denies nothing: tests/lint/planted.rs should have been refused"; exit 1; }
	$(TEST) --no-run -p mlnotes -p mlnotes-display -p mlnotes-bench
	$(TEST) --no-run -p mlnotes-kernel --all-targets
	for feature in "" plot sql tensor; do \
	  $(LINTED) cargo check --locked --release -p mlnotes --no-default-features --features "$$feature" || exit 1; \
	done

unit:
	$(TEST) -p mlnotes -p mlnotes-display
	$(TEST) -p mlnotes-kernel

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --release --no-deps -p mlnotes -p mlnotes-display

# The kernel under real Jupyter clients, two at a time; tests that hold it to a number of seconds have the machine alone.
conformance: kernel
	$(PYTEST) -n 2 -m "not seconds" tests/kernel
	$(PYTEST) -m seconds tests/kernel

# Executes every notebook, its exercises' answers too, and compares with what is stored; four chapters go
# through Jupyter's own client as well. `make notebooks UPDATE=1` stores anew.
WITNESSED := $(foreach number,00 02 13 15,$(wildcard notebooks/$(number)_*.ipynb))
notebooks: kernel
	$(KERNEL) test --jobs 2 --answers $(if $(UPDATE),--update) notebooks/*.ipynb
	$(if $(UPDATE),,$(PYTHON) tests/notebooks/execute.py --jobs 2 --witness $(KERNEL) $(WITNESSED))

# A notebook with a planted fault must turn red, here and on the stock kernel.
planted: kernel stock-kernel
	$(PYTEST2) tests/notebooks tests/references

# Plants the errors of tests/notebooks/faults.toml, each in turn: its chapter must turn red by an assertion.
# Of `make test-all`; `make mutate CHAPTER=15` does one chapter, NAME=Weibull what has it in its name.
mutate: kernel
	$(PYTHON) tests/notebooks/mutate.py $(CHAPTER) $(if $(NAME),--name "$(NAME)") --jobs $(or $(JOBS),2)

# The stock evcxr kernel, in the version of Cargo.lock.
STOCK_KERNEL := $(CARGO_TARGET_DIR)/release/examples/stock
stock-kernel:
	cargo build --locked --release -p mlnotes-kernel --example stock

# On the stock kernel: the chapters whose code cells have not passed there (tests/notebooks/stock_passes.toml,
# which this writes) and two of the others in turn by the day; `make stock STOCK=all` runs every one.
stock: python stock-kernel
	$(PYTHON) tests/notebooks/stock.py --jobs 2 --crates $(CARGO_TARGET_DIR)/stock \
	  $(if $(filter all,$(STOCK)),--all) $(STOCK_KERNEL) notebooks/*.ipynb

# JupyterLab in a real browser: four notebooks run whole, all others open with their stored outputs;
# `make browser BROWSER=all` runs every one whole.
browser: kernel
	BROWSER=$(BROWSER) $(PYTEST) tests/browser

# The notebooks with their stored outputs as a static book, in book/index.html; nothing is executed.
book: docs $(BOOK_VENV)/.complete
	rustc --edition 2024 -o $(CARGO_TARGET_DIR)/catalogue docs/book/catalogue.rs
	$(CARGO_TARGET_DIR)/catalogue > $(CARGO_TARGET_DIR)/catalogue.json
	$(BOOK_VENV)/bin/python docs/book/build.py $(CARGO_TARGET_DIR)/catalogue.json \
	  $(CARGO_TARGET_DIR)/doc $(CARGO_TARGET_DIR)/book $(BOOK)

$(BOOK_VENV)/.complete: docs/book/requirements.lock
	@echo "== the book's Python environment in .venv-book"
	python3 -m venv $(BOOK_VENV)
	$(BOOK_VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
	  -r docs/book/requirements.lock
	touch $@

# The book as files, then in a real browser: links, formulas, figures, sliders, three widths, two themes.
book-check: book python
	$(PYTEST) -n 2 tests/book

# Makes every fixture of tests/references and every data set anew, and compares with what is stored (5 minutes on
# two cores); `make references UPDATE=1` stores anew. While scripts, fixtures and data are as they passed it only
# repeats what was said then.
references: $(REFERENCES_PASSED)
	@cat $<

$(REFERENCES_PASSED): $(REFERENCES_VENV)/.complete \
    $(wildcard tests/references/*.py tests/references/*.json src/data/sets/*/*) $(if $(UPDATE),always)
	@mkdir -p $(@D)
	$(REFERENCES_VENV)/bin/python tests/references/anew.py --record $@ $(if $(UPDATE),--update)

$(REFERENCES_VENV)/.complete: tests/references/requirements.lock
	@echo "== the references' Python environment in .venv-references"
	python3 -m venv $(REFERENCES_VENV)
	$(REFERENCES_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

always:

# Everything that is raced.
bench: bench-kernel bench-models

# The kernel beside the stock kernel and bare rustc: start, cells, memory.
bench-kernel: kernel stock-kernel
	$(PYTHON) benches/kernel.py $(STOCK_KERNEL)

# The models beside scikit-learn, linfa, XGBoost and LightGBM, which live in an environment of their own. Naming the
# notebooks' package beside gives the dependencies the same features, so that they are not compiled once more.
bench-models: $(RACE_VENV)/.complete
	cargo build --locked --release -p mlnotes-bench -p mlnotes-notebooks --bin mlnotes-bench
	$(RACE_VENV)/bin/python benches/models/race.py $(CARGO_TARGET_DIR)/release/mlnotes-bench \
	  --figure $(CARGO_TARGET_DIR)/growth.svg

$(RACE_VENV)/.complete: benches/models/requirements.lock
	python3 -m venv $(RACE_VENV)
	$(RACE_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

clean:
	rm -rf $(VENV) $(RACE_VENV) $(BOOK_VENV) $(REFERENCES_VENV) $(BOOK)
	cargo clean
