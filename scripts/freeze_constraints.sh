#!/usr/bin/env bash
# Writes constraints.txt and requirements/ again: the newest versions that pyproject.toml allows, in a scratch environment.
# Run the tests afterwards and commit all of it together.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$(scripts/find_python.sh)" -m venv "$scratch/venv"
# A package needs setuptools at run time. Upgrade it, so that we do not pin the old one that comes with venv.
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check --upgrade setuptools -e '.[dev]' -e ./activitysmith-cli
{
  echo "# Exact versions of everything that is installed, directly or not; pyproject.toml names what we ask for and why."
  echo "# Written by scripts/freeze_constraints.sh."
  "$scratch/venv/bin/pip" freeze --all --exclude pip --exclude-editable --disable-pip-version-check
} >"$scratch/constraints.txt"
if grep -n ' @ ' "$scratch/constraints.txt"; then
  echo "constraints.txt would name places instead of versions: see above" >&2
  exit 1
fi
mv "$scratch/constraints.txt" constraints.txt
scripts/lock_requirements.sh
