#!/usr/bin/env bash
# Makes .venv, or brings it up to date. `run` installs what the server needs, `dev` what tests and checks need as well.
# If everything is up to date, it ends within a tenth of a second. The stamps are written last, so that an interrupted
# run is repeated.
set -euo pipefail
cd "$(dirname "$0")/.."
# A person's own values would make this Python find other packages, or none.
unset PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONUSERBASE __PYVENV_LAUNCHER__

what=${1:?run or dev}
stamp=.venv/.stamp-$what
# The checkout, machine and Python of this .venv. Its commands contain all three: in a copy they would run the original's
# code, and after a move they would not run at all.
mark=.venv/.made-for
identity() {
  .venv/bin/python -I -c '
import os, sys, sysconfig, pip
print(os.path.realpath("."), sysconfig.get_platform(), *sys.version_info[:2])' 2>/dev/null
}

is_usable() {
  local now
  # Without this file its Python is the machine's own, and so are the packages that it would install.
  [ -e .venv/pyvenv.cfg ] || return 1
  now=$(identity) || return 1
  if [ -e $mark ]; then
    [ "$now" = "$(cat $mark)" ]
  else
    # Made by an older version, which wrote no mark.
    [[ "$(head -n 1 .venv/bin/pip 2>/dev/null)" == "#!$(pwd -P)/.venv/bin/python"* ]]
  fi
}

is_current() {
  local input
  [ -e "$stamp" ] || return 1
  for input in pyproject.toml activitysmith-cli/pyproject.toml "requirements/$what.txt" scripts/make_venv.sh; do
    if [ "$input" -nt "$stamp" ]; then return 1; fi
  done
}

if is_usable; then
  if is_current; then exit 0; fi
else
  python=$(scripts/find_python.sh)
  "$python" -I scripts/check_platform.py
  if [ -e .venv ]; then echo "The .venv that is here belongs to another place or another Python" >&2; fi
  echo "Making .venv with $("$python" --version)" >&2
  "$python" -I -m venv --clear .venv
fi
identity >$mark

echo "Installing into .venv (the first time takes a minute or two)" >&2
pip() { .venv/bin/python -I scripts/pip_alone.py "$@"; }
pip install --quiet --require-hashes -r "requirements/$what.txt"
# With the setuptools of that file: isolated builds would fetch the newest.
pip install --quiet --no-deps --no-build-isolation -e . -e ./activitysmith-cli
touch .venv/.stamp-run
if [ "$what" = dev ]; then touch .venv/.stamp-dev; fi
