#!/usr/bin/env bash
# Prints the path of a Go that can build the example of docs/grpc.md: the one on the PATH, or the one that
# scripts/install_other_languages.sh has installed.
set -euo pipefail
cd "$(dirname "$0")/.."

for go in "$(command -v go || true)" "$PWD/.venv/go/go/bin/go"; do
  # Fails if go.mod asks for a newer Go, and this one may not download it.
  if [ -x "$go" ] && (cd docs/examples/grpc/go && "$go" list -m) >/dev/null 2>&1; then
    echo "$go"
    exit 0
  fi
done
echo "There is no Go that is new enough: $(grep '^go ' docs/examples/grpc/go/go.mod) or newer. \`make test-all\` installs one." >&2
exit 1
