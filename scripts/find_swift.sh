#!/usr/bin/env bash
# Prints where Swift 6 is: `own` if the machine's `swift` is one, else the folder that scripts/install_swift.sh has made.
# Fails if there is none.
set -euo pipefail

# OpenStack's client is called `swift`, too.
version=$(swift --version 2>/dev/null </dev/null | sed -nE 's/.*Swift version ([0-9]+).*/\1/p' | head -n 1) || version=
if [ "${version:-0}" -ge 6 ]; then
  echo own
  exit
fi
# The number rises with each change of what is installed there.
folder=${XDG_CACHE_HOME:-$HOME/.cache}/activitysmith/swift-debian-13-1
echo "$folder"
[ -d "$folder" ]
