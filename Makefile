# Plain `make` prints what there is. The shell functions that need explaining are in .ci/toolchain.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

ENVOY_VERSION ?= 1.40.0
SEAWEEDFS_VERSION ?= 4.48
BOTO3_VERSION ?= 1.44.5
PORT ?= 10000
ADMIN_PORT ?= 9901
ORIGIN_PORT ?= 10001
STORE_PORT ?= 10002
PAGE_PORT ?= 8000
# Servers are measured in turn, this many times, two of each process.
BENCH_ROUNDS ?= 16
FUZZ_SECONDS ?= 60
RULES ?= envoy/cors.json
# Of each minor version the newest on PyPI whose Envoy has V8, which that of 1.38.3 lacks.
MATRIX ?= 1.36.4 1.37.0 1.38.2 1.39.3 1.40.0
SOAK_SECONDS ?= 60

MODULE := target/bucket_cors.wasm
PORTABLE := target/bucket_cors_portable.wasm
# What a reader of the README may rely on; the module is far below.
MODULE_MAX_BYTES := 221000
# Where the image is going to be, for the manifests.
IMAGE ?= registry.example.com/bucket-cors
ARTIFACTS := target/release-artifacts
# Exported: the tests start the same binary.
export ENVOY := target/envoy/$(ENVOY_VERSION)/envoy
STORE := target/store/$(SEAWEEDFS_VERSION)/weed

TOOLCHAIN := . .ci/toolchain;

.PHONY: help build portable envoy store run run-live run-origin-only rules demo screenshots cli test matrix soak conformance fuzz bench instructions lint image manifests artifacts load-test clean

help: ## print every target
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' Makefile

build: ## build the module at target/bucket_cors.wasm
	@$(TOOLCHAIN) build_module
	@cmp -s target/wasm/wasm32-unknown-unknown/release/bucket_cors.wasm $(MODULE) || \
	  cp target/wasm/wasm32-unknown-unknown/release/bucket_cors.wasm $(MODULE)
	@.ci/check-module $(MODULE) $(MODULE_MAX_BYTES)

portable: ## build it without statistics, for hosts with few host functions, at target/bucket_cors_portable.wasm
	@$(TOOLCHAIN) WASM_TARGET_DIR=target/portable; build_module --no-default-features
	@cp target/portable/wasm32-unknown-unknown/release/bucket_cors.wasm $(PORTABLE)
	@.ci/check-module $(PORTABLE) $(MODULE_MAX_BYTES)

envoy: ## get Envoy (ENVOY_VERSION) into target/envoy, once
	@.ci/fetch-envoy $(ENVOY_VERSION)

store: ## get an object store, SeaweedFS (SEAWEEDFS_VERSION), into target/store, once
	@.ci/fetch-store $(SEAWEEDFS_VERSION) $(BOTO3_VERSION)

run: build envoy ## serve the sample on 127.0.0.1:10000 (PORT, ADMIN_PORT, ORIGIN_PORT) until Ctrl-C
	@exec envoy/run $(ENVOY) $(PORT) $(ADMIN_PORT) $(ORIGIN_PORT)

run-live: build envoy ## the same with rules that `make rules` changes while it runs, and an access log
	@exec envoy/run --live $(ENVOY) $(PORT) $(ADMIN_PORT) $(ORIGIN_PORT)

run-origin-only: build envoy ## the same in a chain where only requests with an Origin, and OPTIONS, enter the filter
	@exec envoy/run --origin-only $(ENVOY) $(PORT) $(ADMIN_PORT) $(ORIGIN_PORT)

rules: ## put envoy/cors.json (RULES) in force in what `make run-live` started
	@envoy/rules $(ENVOY) $(ADMIN_PORT) $(RULES)

demo: build envoy store ## walk through it in a browser, before a real store (PAGE_PORT, PORT, ADMIN_PORT, STORE_PORT)
	@exec target/venv/bin/python envoy/demo/run $(ENVOY) $(STORE) $(PAGE_PORT) $(PORT) $(ADMIN_PORT) $(STORE_PORT)

screenshots: build envoy store ## take the README's pictures anew, of the playground and of the demo
	@$(TOOLCHAIN) need_linker && need_browser && SCREENSHOTS=1 cargo test --quiet --test playground pictures
	@$(TOOLCHAIN) SCREENSHOTS=1 cargo test --quiet --test browser "all of it"

cli: ## build the command-line tool at target/bucket-cors
	@$(TOOLCHAIN) need_linker && cargo build --profile tool --bin bucket-cors --features cli
	@cp target/tool/bucket-cors target/bucket-cors

test: build envoy store ## run every test, the ones in a real Envoy included
	@.ci/test

matrix: build ## run the tests in a real Envoy on several versions (MATRIX), and renew tests/matrix.md
	@.ci/matrix $(MATRIX) >target/matrix.md
	@mv target/matrix.md tests/matrix.md
	@cat tests/matrix.md

soak: build envoy ## for SOAK_SECONDS (60), full load with rule changes and faults, and every answer checked
	@$(TOOLCHAIN) need_linker && need_wrk && SOAK_SECONDS=$(SOAK_SECONDS) cargo test --quiet --test soak

conformance: build envoy ## print what public suites, recordings and documents say, and how far this project agrees
	@$(TOOLCHAIN) cargo test --quiet --test conformance -- --table

fuzz: ## fuzz each target of tests/fuzz for FUZZ_SECONDS (60)
	@.ci/fuzz $(FUZZ_SECONDS)

bench: build envoy ## measure what a request costs beside Envoy's own filter (BENCH_ROUNDS), and draw it
	@.ci/bench $(ENVOY) $(MODULE) $(BENCH_ROUNDS)

instructions: build envoy ## count the instructions that Envoy executes for a request, in valgrind
	@.ci/instructions $(ENVOY) $(MODULE)

lint: ## check formatting, and clippy on the native and the WebAssembly build
	@$(TOOLCHAIN) cargo fmt --check
	@$(TOOLCHAIN) cargo clippy --quiet --all-targets --features cli -- -D warnings
	@$(TOOLCHAIN) cargo clippy --quiet --test soak -- -D warnings
	@$(TOOLCHAIN) cargo clippy --quiet --lib --target wasm32-unknown-unknown --target-dir target/wasm -- -D warnings

image: build ## write the module as an OCI image, without a container engine
	@.ci/write-image $(MODULE) $(ARTIFACTS)

manifests: image ## render the manifests for Istio, Envoy Gateway and Higress (IMAGE)
	@.ci/render-manifests $(IMAGE) $(ARTIFACTS)

artifacts: manifests ## write all of a release into target/release-artifacts: also the module, an SBOM and checksums
	@.ci/write-artifacts $(MODULE) $(ARTIFACTS)

load-test: build ## measure with and without the filter in Docker (ENVOY_IMAGE, LOAD_IMAGE, LOAD_SECONDS, LOAD_CONNECTIONS)
	@envoy/load-test $(MODULE)

clean: ## remove everything that was built or fetched
	rm -rf target
