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
# The book's builder has an environment of its own: nothing of it is needed to run or test notebooks.
BOOK_VENV := $(CURDIR)/.venv-book
BOOK := $(CURDIR)/book

.PHONY: lab test tools python kernel lint unit docs conformance notebooks planted stock browser \
        book book-check references bench bench-kernel bench-models always clean

# JupyterLab refuses to run for root unless told; a container's only user often is root.
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)

lab: kernel
	$(VENV)/bin/jupyter lab $(AS_ROOT) --notebook-dir=notebooks

test: tools lint unit docs kernel conformance notebooks planted stock browser book-check
	@echo "all checks passed"

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

# The kernel, the crates that notebooks see, and the kernel spec: set-up without opening anything.
kernel: python
	@echo "== kernel (about 8 minutes on two cores the first time)"
	cargo build --locked --release -p mlnotes-kernel
	@echo "== the notebooks' crates"
	$(KERNEL) build notebooks
	VIRTUAL_ENV=$(VENV) $(KERNEL) install --sys-prefix

lint:
	cargo fmt --all --check
	cargo clippy --locked -p mlnotes -p mlnotes-bench --all-targets -- -D warnings
	cargo clippy --locked --release -p mlnotes-kernel --all-targets -- -D warnings

unit:
	cargo test --locked -p mlnotes
	cargo test --locked --release -p mlnotes-kernel

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps -p mlnotes

# The kernel under real Jupyter clients.
conformance: kernel
	$(PYTEST) tests/kernel

# Executes every notebook and compares with what is stored; `make notebooks UPDATE=1` stores anew.
notebooks: kernel
	$(PYTHON) tests/notebooks/execute.py --jobs 2 $(if $(UPDATE),--update) notebooks/*.ipynb

# A notebook with a planted fault must turn red.
planted: kernel
	$(PYTEST) tests/notebooks

# The same notebooks on the stock evcxr kernel.
stock: kernel
	cargo build --locked --release -p mlnotes-kernel --example stock
	$(PYTHON) tests/notebooks/execute.py --jobs 2 --stock $(CARGO_TARGET_DIR)/release/examples/stock \
	  notebooks/*.ipynb

# JupyterLab in a real browser.
browser: kernel
	$(PYTEST) tests/browser

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
	$(PYTEST) tests/book

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
bench-kernel: kernel
	cargo build --locked --release -p mlnotes-kernel --example stock
	$(PYTHON) benches/kernel.py $(CARGO_TARGET_DIR)/release/examples/stock

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
