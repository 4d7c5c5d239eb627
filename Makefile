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
# Of random paths, and where their generator starts.
PATHS ?= 20000
SEED ?= 1
# A file with other rules than those of the sample, in anything that `bucket-cors check` reads.
RULES ?=
# Make would look for variables in it before it exported it, and nothing here needs it exported.
unexport RULES
# Of each minor version the newest on PyPI whose Envoy has V8, which that of 1.38.3 lacks.
MATRIX ?= 1.36.4 1.37.0 1.38.2 1.39.3 1.40.0
SOAK_SECONDS ?= 60

PREFIX ?= /usr/local
INSTALLED = $(DESTDIR)$(PREFIX)

TOOL := target/bucket-cors
# The tool that looks at RULES; SYNC_TOOL is one that is built already.
CHECK_TOOL = $(or $(SYNC_TOOL),$(TOOL))
need_check_tool = $(if $(SYNC_TOOL),,cli)
# A file's name for the shell, whatever is in it: make itself would look for variables in the name after a `$`, and what
# begins with `-` would be taken for an option.
rules_folder = $(if $(filter-out -,$(filter -%,$(firstword $(value RULES)))),./)
rules_file = '$(rules_folder)$(subst ','\'',$(or $(value RULES),envoy/cors.json))'
check_rules = $(if $(value RULES),--rules $(rules_file) --tool $(CHECK_TOOL))
MODULE := target/bucket_cors.wasm
NATIVE := target/libbucket_cors.so
PORTABLE := target/bucket_cors_portable.wasm
# What a reader of envoy/deploy.md may rely on. The module is just below: what makes it larger changes both.
MODULE_MAX_BYTES := 238500
# Where the image is going to be, for the manifests.
IMAGE ?= registry.example.com/bucket-cors
ARTIFACTS := target/release-artifacts
# Exported: the tests start the same binary.
export ENVOY := target/envoy/$(ENVOY_VERSION)/envoy
STORE := target/store/$(SEAWEEDFS_VERSION)/weed

TOOLCHAIN := . .ci/toolchain;

.PHONY: help build native native-with-faults portable envoy store run run-live run-origin-only run-native rules demo screenshots cli sync install check test test-long matrix soak sanitize paths conformance fuzz bench pauses instructions lint image manifests artifacts load-test clean

help: ## print every target
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' Makefile

build: ## build the module at target/bucket_cors.wasm
	@$(TOOLCHAIN) build_module
	@cmp -s target/wasm/wasm32-unknown-unknown/release/bucket_cors.wasm $(MODULE) || \
	  cp target/wasm/wasm32-unknown-unknown/release/bucket_cors.wasm $(MODULE)
	@.cargo/check-module $(MODULE) $(MODULE_MAX_BYTES)

native: ## build the library that Envoy loads into its own process, at target/libbucket_cors.so
	@$(TOOLCHAIN) build_native
	@cmp -s target/native/libbucket_cors.so $(NATIVE) || cp --remove-destination target/native/libbucket_cors.so $(NATIVE)
	@stat -c '$(NATIVE): %s bytes' $(NATIVE)

native-with-faults: ## the same with faults where a test asks for them, at target/libbucket_cors_with_faults.so
	@$(TOOLCHAIN) NATIVE_TARGET_DIR=target/faults; build_native --features faults
	@cp --remove-destination target/faults/native/libbucket_cors.so target/libbucket_cors_with_faults.so

portable: ## build it without statistics, for hosts with few host functions, at target/bucket_cors_portable.wasm
	@$(TOOLCHAIN) WASM_TARGET_DIR=target/portable; build_module --no-default-features --features proxy-wasm
	@cp target/portable/wasm32-unknown-unknown/release/bucket_cors.wasm $(PORTABLE)
	@.cargo/check-module $(PORTABLE) $(MODULE_MAX_BYTES)

envoy: ## get Envoy (ENVOY_VERSION) into target/envoy, once
	@.ci/fetch-envoy $(ENVOY_VERSION)

store: ## get an object store, SeaweedFS (SEAWEEDFS_VERSION), into target/store, once
	@.ci/fetch-store $(SEAWEEDFS_VERSION) $(BOTO3_VERSION)

# What has RULES waits for the tool; without them nothing does.
run run-live run-origin-only run-native manifests: $(if $(value RULES),$(need_check_tool))

run: build envoy ## serve the sample, or RULES, on 127.0.0.1:10000 (PORT, ADMIN_PORT, ORIGIN_PORT) until Ctrl-C
	@exec envoy/run $(check_rules) $(ENVOY) $(PORT) $(ADMIN_PORT) $(ORIGIN_PORT)

run-live: build envoy ## the same with rules that `make rules` changes while it runs, and an access log
	@exec envoy/run --live $(check_rules) $(ENVOY) $(PORT) $(ADMIN_PORT) $(ORIGIN_PORT)

run-origin-only: build envoy ## the same in a chain where only requests with an Origin, and OPTIONS, enter the filter
	@exec envoy/run --origin-only $(check_rules) $(ENVOY) $(PORT) $(ADMIN_PORT) $(ORIGIN_PORT)

run-native: build native envoy ## the same with the filter as a library in Envoy's own process
	@exec envoy/run --native $(check_rules) $(ENVOY) $(PORT) $(ADMIN_PORT) $(ORIGIN_PORT)

rules: $(need_check_tool) ## put envoy/cors.json (RULES) in force in what `make run-live` started, and print what is found in it
	@envoy/rules $(ENVOY) $(ADMIN_PORT) $(CHECK_TOOL) $(rules_file)

demo: build envoy store $(if $(SYNC_TOOL),,sync) ## walk through it in a browser, before a real store (PAGE_PORT, PORT, ADMIN_PORT, STORE_PORT)
	@exec target/venv/bin/python envoy/demo/run $(ENVOY) $(STORE) $(CHECK_TOOL) $(PAGE_PORT) $(PORT) $(ADMIN_PORT) $(STORE_PORT)

screenshots: build envoy store ## take the README's pictures anew, of the playground and of the demo
	@$(TOOLCHAIN) need_linker && need_browser && SCREENSHOTS=1 cargo test --quiet "$${STARTING[@]}" --test browser pictures
	@$(TOOLCHAIN) SCREENSHOTS=1 cargo test --quiet "$${STARTING[@]}" --test browser "all of it"

cli: ## build the command-line tool at target/bucket-cors
	@$(TOOLCHAIN) need_linker && cargo build --locked --profile tool --bin bucket-cors --features cli
	@cp --remove-destination target/tool/bucket-cors $(TOOL)

sync: ## the same with the command `sync`, which asks stores
	@$(TOOLCHAIN) need_linker && cargo build --locked --profile tool --bin bucket-cors --features sync
	@cp --remove-destination target/tool/bucket-cors $(TOOL)

# PREFIX is where it is to be found, DESTDIR a folder that stands for /, as packagers need it.
install: sync ## install the tool with `sync`, its completions and manual pages (PREFIX, DESTDIR)
	@envoy/release/install-tool $(TOOL) '$(INSTALLED)'
	@echo "installed $(INSTALLED)/bin/bucket-cors"

check: build lint ## check formatting, lints and what soon shows that something is wrong, without an Envoy
	@.ci/test quick

test: ## run the tests, the ones in a real Envoy included, but for those that take long
	@.ci/test usual

test-long: ## run those, and the ones in a real Envoy once more with the filter as a library
	@.ci/test long

matrix: build native native-with-faults ## run the tests in a real Envoy on several versions (MATRIX), and renew tests/matrix.md
	@tests/matrix $(MATRIX) >target/matrix.md
	@mv target/matrix.md tests/matrix.md
	@cat tests/matrix.md

soak: build native envoy ## for SOAK_SECONDS (60), full load with rule changes and faults, and every answer checked
	@$(TOOLCHAIN) need_linker && need_wrk && SOAK_SECONDS=$(SOAK_SECONDS) cargo test --quiet "$${COMPUTING[@]}" --test soak

sanitize: ## look for races between the library's workers, and for memory used after its end, with sanitizers
	@tests/sanitize

paths: build envoy ## ask for PATHS (20000) random paths from SEED (1) on, through the edge and a second proxy
	@$(TOOLCHAIN) need_linker && PATHS=$(PATHS) SEED=$(SEED) cargo test --quiet "$${STARTING[@]}" --test store -- --nocapture "second proxy"

conformance: ## print what public suites, recordings and documents say, and how far this project agrees
	@if [ -d ../shared/conformance ]; then \
	  $(MAKE) --no-print-directory build envoy && { $(TOOLCHAIN) cargo test --quiet "$${STARTING[@]}" --test envoy -- --table; }; \
	else \
	  echo 'There is no ../shared/conformance with cases to run. This was found when there was:' && cat tests/conformance.md; \
	fi

fuzz: ## fuzz each target of tests/fuzz for FUZZ_SECONDS (60)
	@tests/fuzz/run $(FUZZ_SECONDS)

bench: build native envoy ## measure what a request costs beside Envoy's own filter (BENCH_ROUNDS), and draw it
	@tests/bench/measure $(ENVOY) $(MODULE) $(NATIVE) $(BENCH_ROUNDS)

pauses: build native envoy ## measure how long a worker stands still while rules or the filter's code change under load
	@tests/bench/pauses $(ENVOY) $(MODULE) $(NATIVE)

instructions: build native envoy ## count the instructions that Envoy executes for a request, in valgrind
	@tests/bench/count $(ENVOY) $(MODULE) $(NATIVE)

lint: ## check formatting, and clippy on every form of the filter
	@$(TOOLCHAIN) need_linker && need_lints && cargo fmt --check
	@$(TOOLCHAIN) cargo clippy --quiet --all-targets --features $$TOOL_FEATURES -- -D warnings
	@$(TOOLCHAIN) cargo clippy --quiet --bins --features cli -- -D warnings
	@$(TOOLCHAIN) cargo clippy --quiet --test soak -- -D warnings
	@$(TOOLCHAIN) for form in proxy-wasm dynamic-module; do \
	  cargo clippy --quiet --lib --no-default-features --features "$$form" -- -D warnings; done
	@$(TOOLCHAIN) ! has_wasm_target || \
	  cargo clippy --quiet --lib --target $$WASM_TARGET --target-dir $$WASM_TARGET_DIR -- -D warnings
	@$(TOOLCHAIN) cargo clippy --quiet --lib --features faults -- -D warnings

image: build ## write the module as an OCI image, without a container engine
	@envoy/release/write-image $(MODULE) $(ARTIFACTS)

manifests: image native ## render the manifests for Istio, Envoy Gateway and Higress (IMAGE, RULES)
	@library=$$(envoy/release/artifact-name $(NATIVE)) && \
	  envoy/release/render-manifests $(check_rules) $(IMAGE) $(ARTIFACTS) "$$library"

artifacts: manifests ## write all of a release into target/release-artifacts: also the module, the library, the tool, the playground, SBOMs, checksums
	@envoy/release/write-artifacts $(MODULE) $(NATIVE) $(ARTIFACTS)

load-test: build native ## measure with and without the filter in Docker (ENVOY_IMAGE, LOAD_IMAGE, LOAD_SECONDS, LOAD_CONNECTIONS)
	@envoy/load-test $(MODULE) $(NATIVE)

clean: ## remove everything that was built or fetched
	rm -rf target
