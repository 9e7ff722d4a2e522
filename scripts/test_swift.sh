#!/usr/bin/env bash
# Builds and tests the Swift of ios/, and runs the tests of tests/swift with the arguments. Without Swift 6, one line says so:
# a failure only with SWIFT=required.
set -euo pipefail
cd "$(dirname "$0")/.."

status=0
scripts/install_swift.sh || status=$?
if [ $status = 3 ] && [ "${SWIFT:-}" != required ]; then exit; fi
[ $status = 0 ] || exit $status

# What is built belongs to this checkout, and its folder says so in many places.
build=$PWD/.venv/swift
package=(--package-path ios/SmithKit --scratch-path "$build" -Xswiftc -warnings-as-errors)
scripts/with_swift.sh swift build "${package[@]}"
scripts/with_swift.sh swift test --quiet "${package[@]}"
exec .venv/bin/python -m pytest -m swift tests/swift "$@"
