#!/usr/bin/env bash
# Writes requirements/*.txt: what is installed, in the versions of constraints.txt, with the hashes of all files that
# the index has of them, for every platform and Python. Run it after pyproject.toml or constraints.txt has changed.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$(scripts/find_python.sh)" -m venv "$scratch/venv"
# uv: pip and pip-tools lock for the machine that they run on only.
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check uv

lock() {
  local name=$1
  shift
  {
    echo "# What pip installs, with hashes. Written by scripts/lock_requirements.sh."
    # setuptools, which builds our own two distributions: without isolation, so that no other one is fetched.
    echo setuptools | "$scratch/venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
      --constraints constraints.txt --no-annotate --no-header --no-emit-index-url \
      --no-emit-package activitysmith-server --no-emit-package pip pyproject.toml activitysmith-cli/pyproject.toml - "$@"
  } >"$scratch/$name.txt"
  mv "$scratch/$name.txt" "requirements/$name.txt"
}

mkdir -p requirements
lock run
lock image --extra tracing
lock dev --extra dev
