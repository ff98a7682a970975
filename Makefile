# What one can do here; each target sets up what it needs, system packages included.
#
#   make run      build the release binary and serve on http://127.0.0.1:8536
#   make test     every test
#   make demo     the main job before your eyes, on the release build
#   make faults   kills the server, its database and its sessions a thousand times over; takes an hour
#   make interop  a real client, written by others, and servers that speak another protocol, against the release build
#   make bench    every figure of docs/performance.md; BENCH=fanout for one, BENCH_SIZE=small for a quick look
#   make lint     formatting and lints        make fmt  format
#   make setup    the system packages only
#
# Rust itself is expected: on PATH, or where rustup puts it.

CARGO ?= $(shell command -v cargo || echo "$$HOME/.cargo/bin/cargo")
BIN = $(or $(CARGO_TARGET_DIR),target)/release

# The queries were checked against a database when .sqlx was written; building needs none.
export SQLX_OFFLINE = true

help:
	@sed -n 's/^#   //p' Makefile

setup:
	@bash .ci/setup

# The examples too: what they need changes how some crates are built, and one build should serve run and demo.
release: setup
	$(CARGO) build --locked --release --bins --examples

run: release
	$(BIN)/folkmoot serve

test: setup
	$(CARGO) test --locked

demo: release
	$(BIN)/examples/demo

interop: release
	FOLKMOOT_BIN=$(abspath $(BIN))/folkmoot bash .ci/interop

# BENCH_RUNS says how often each is measured; see docs/performance.md.
bench: setup
	$(CARGO) bench --locked --bench main -- $(BENCH)

# CYCLES=100 for a quick look; TEST=F03 for one.
CYCLES ?= 1000
faults: setup
	FAULTS_CYCLES=$(CYCLES) $(CARGO) test --locked --features failpoints --test faults -- $(TEST)

fmt:
	$(CARGO) fmt --all

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --all-targets --all-features -- -D warnings

.PHONY: help setup release run test demo faults interop bench fmt lint
