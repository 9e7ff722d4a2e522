#!/usr/bin/env bash
# Makes .venv, or brings it up to date. `run` installs what the server needs, `dev` what tests and checks need as well.
# The stamps tell make that there is nothing to do; they are touched last, so that an interrupted run is repeated.
set -euo pipefail
cd "$(dirname "$0")/.."

what=${1:?run or dev}
if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
  ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  python=$(scripts/find_python.sh)
  echo "Making .venv with $("$python" --version)" >&2
  "$python" -m venv --clear .venv
fi

requirement=.
[ "$what" = dev ] && requirement='.[dev]'
echo "Installing into .venv (the first time takes a minute or two)" >&2
PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip install --quiet -c constraints.txt -e "$requirement" -e ./activitysmith-cli
touch .venv/.stamp-run
if [ "$what" = dev ]; then touch .venv/.stamp-dev; fi
