# `make test` runs every check that exists so far.
.PHONY: test lint unit
test: lint unit

lint:
	cargo fmt --all --check
	cargo clippy --locked -p mlnotes --all-targets -- -D warnings

unit:
	cargo test --locked -p mlnotes
