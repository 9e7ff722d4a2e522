.DEFAULT_GOAL := help
.PHONY: always help up test test-fast test-all test-swift newest check audit bench reliability fmt proto reference fixtures texts
BIN := .venv/bin
# A person's own values would make our Python find other packages, or none, or compile every module at each start.
unexport PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE
NODE_SDK := tests/sdk/node
# Tests wait for processes, phones and clocks more than they compute: five at once keep two cores busy.
# `tests/distribution.py` says which goes where.
PYTEST := $(BIN)/python -m pytest --numprocesses 5

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# `exec`, so that Ctrl-C and SIGTERM to make reach the supervisor directly.
up: .venv/.stamp-run ## run the whole server on this machine until Ctrl-C
	@exec $(BIN)/smith up

test: .venv/.stamp-dev $(NODE_SDK)/node_modules/.stamp ## run the tests, without those of test-all; ARGS="-k push" runs some
	@scripts/install_test_tools.sh
	@exec $(PYTEST) -m "not other_languages and not thorough and not swift" $(ARGS)

test-fast: .venv/.stamp-dev ## run the tests that need no whole server, in about a minute; ARGS="-k push" runs some
	@exec $(PYTEST) -m fast $(ARGS)

test-all: .venv/.stamp-dev $(NODE_SDK)/node_modules/.stamp ## run all tests but those of test-swift: clients in Go and TypeScript, real browsers, replicas, Redis, long walks too
	@scripts/install_test_tools.sh firefox
	@scripts/install_other_languages.sh
	@exec $(PYTEST) -m "not swift" $(ARGS)

test-swift: .venv/.stamp-dev ## build and test the Swift of ios/, also against the real server; skipped with a line where Swift 6 cannot be had
	@exec scripts/test_swift.sh $(ARGS)

newest: .venv/.stamp-dev $(NODE_SDK)/node_modules/.stamp ## try the newest releases of the official SDKs, which a registry is asked for, and say what is new
	@exec $(BIN)/python -m tests.sdk.newest

check: .venv/.stamp-dev ## lint, types, import rules, protos, dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry .
	$(BIN)/deptry --config activitysmith-cli/pyproject.toml activitysmith-cli
	$(BIN)/deptry --config gen/pyproject.toml gen
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code
	@if [ -e proto/last_release.binpb ]; then set -x; $(BIN)/buf breaking --against proto/last_release.binpb; fi
	$(BIN)/python -m scripts.generate_protos --check
	$(BIN)/python -m scripts.generate_rest_reference --check
	$(BIN)/python -m scripts.write_string_catalog --check
	$(BIN)/python -m tests.swift_fixtures --check
	$(BIN)/python -m scripts.generate_texts --check
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows docs/examples/deploy.yml .github/workflows/ci.yml .github/workflows/ios.yml
	$(BIN)/compose-lint check --quiet --skip-suppressed --no-env compose.yaml
	$(BIN)/python scripts/audit.py

audit: .venv/.stamp-dev ## ask for known vulnerabilities of the dependencies
	@exec $(BIN)/python scripts/audit.py

bench: .venv/.stamp-dev ## run the benchmarks
	@exec $(BIN)/python -m benchmarks $(ARGS)

reliability: .venv/.stamp-dev ## hurt the server in every way, count what came through, write docs/reliability.md (20 min)
	@exec $(BIN)/python -m reliability $(ARGS)

fmt: .venv/.stamp-dev ## format Python and protos
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/buf format --write

proto: .venv/.stamp-dev ## write gen/smith and the CLI's table from proto/
	$(BIN)/python -m scripts.generate_protos

reference: .venv/.stamp-dev ## write docs/rest.md from the API's description
	$(BIN)/python -m scripts.generate_rest_reference

fixtures: .venv/.stamp-dev ## write what the tests of the iPhone app decode, with core's own builders
	$(BIN)/python -m tests.swift_fixtures

texts: .venv/.stamp-dev ## collect the texts of the web admin for translators; LANGUAGE=de begins a translation
	$(BIN)/python -m scripts.generate_texts $(if $(LANGUAGE),--language $(LANGUAGE))

# Asked each time: a checkout may have been moved or copied, and a Python upgraded, since it was made.
.venv/.stamp-run: always
	@scripts/make_venv.sh run

.venv/.stamp-dev: always
	@scripts/make_venv.sh dev

$(NODE_SDK)/node_modules/.stamp: $(NODE_SDK)/package.json $(NODE_SDK)/package-lock.json
	@command -v npm >/dev/null || { echo "make test runs the official Node SDK: install Node.js 18.18 or newer, with npm" >&2; exit 1; }
	@cd $(NODE_SDK) && npm ci --ignore-scripts --no-audit --no-fund >&2
	@touch $@
