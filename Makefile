# The front door. Each target does its own set-up; the presets are in CMakePresets.json.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.NOTPARALLEL:

JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60
PROGRAM := build/release/bin/ounce
SHELL_FILES = $(shell git ls-files -co --exclude-standard '*.sh' .ci/run)
CPP_FILES = $(shell git ls-files -co --exclude-standard '*.cpp' '*.hpp')

.PHONY: build demo test bench lint format docs asan tsan fuzz clean help
.PHONY: setup-build setup-test setup-bench setup-lint

build: setup-build ## the programs, optimised, into build/release/bin (what plain `make` does)
	cmake --preset release --log-level=WARNING
	cmake --build --preset release -j $(JOBS)

demo: build ## learn from real photographs, sift cards kept apart, then the same with a hub
	demo/run.sh $(PROGRAM) $(PROGRAM)-hub

test: setup-test ## all tests, with the optimised programs
	cmake --preset release --log-level=WARNING
	cmake --build --preset release -j $(JOBS)
	ctest --preset release -j $(JOBS)

bench: setup-bench ## measure, beside the bare limit and other programs
	cmake --preset release --log-level=WARNING
	cmake --build --preset release -j $(JOBS)
	bench/run.sh build/release

lint: setup-lint ## format, shell, headers that stand alone, tidy rules, clang-tidy
	clang-format-19 --dry-run -Werror $(CPP_FILES)
	shellcheck $(SHELL_FILES)
	python3 tests/tidy_test.py
	cmake --preset tidy --log-level=WARNING
	cmake --build --preset tidy -j $(JOBS) --target all_verify_interface_header_sets
	cmake --build --preset tidy -j $(JOBS)

format: setup-lint ## format the C++ files in place
	clang-format-19 -i $(CPP_FILES)

docs: build ## write docs/CLI.md anew from the programs' own --help
	python3 docs/cli.py $(PROGRAM) $(PROGRAM)-hub

asan: setup-lint setup-test ## all tests with the address and undefined-behaviour sanitizers
	cmake --preset asan --log-level=WARNING
	cmake --build --preset asan -j $(JOBS)
	ctest --preset asan -j $(JOBS)

tsan: setup-lint setup-test ## all tests with the thread sanitizer
	cmake --preset tsan --log-level=WARNING
	cmake --build --preset tsan -j $(JOBS)
	ctest --preset tsan -j $(JOBS)

fuzz: setup-lint ## each fuzzer for FUZZ_SECONDS (60)
	cmake --preset fuzz --log-level=WARNING
	cmake --build --preset fuzz -j $(JOBS) --target fuzzers
	fuzz/run.sh build/fuzz $(FUZZ_SECONDS)

clean: ## remove what was built (.deps and the download cache stay)
	rm -rf build demo/out

setup-build setup-test setup-bench setup-lint: setup-%:
	setup/setup.sh --for $*

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
