#!/usr/bin/env bash
# Prints the command of a Python that can make our environment: 3.11 or newer, with venv.
set -euo pipefail

found=""
for python in python3.13 python3.12 python3.11 python3; do
  if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    continue
  fi
  found=$python
  if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "$python"
    exit 0
  fi
done

if [ -n "$found" ]; then
  echo "$found has no venv module: install it (Debian and Ubuntu: apt install $found-venv), then try again" >&2
elif command -v python3 >/dev/null; then
  echo "Python 3.11 or newer is needed, found only $(python3 --version 2>&1): install one, then try again" >&2
else
  echo "Python 3.11 or newer is needed, found none: install one, then try again" >&2
fi
exit 1
