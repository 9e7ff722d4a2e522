#!/usr/bin/env bash
# Prints the path of a Chromium for the browser tests. With `--install`, installs one with the machine's package manager
# if there is none.
set -euo pipefail

find_one() {
  for name in ${SMITH_TEST_CHROMIUM:-} chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name"; then return 0; fi
  done
  for path in "/Applications/Chromium.app/Contents/MacOS/Chromium" \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    if [ -x "$path" ]; then echo "$path"; return 0; fi
  done
  return 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_one() {
  if command -v apt-get >/dev/null; then
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
  elif command -v dnf >/dev/null; then
    as_root dnf install -y -q chromium
  elif command -v apk >/dev/null; then
    as_root apk add -q chromium
  elif command -v pacman >/dev/null; then
    as_root pacman -S --noconfirm --quiet chromium
  elif command -v brew >/dev/null; then
    brew install --quiet --cask chromium
  else
    return 1
  fi
}

if find_one; then exit 0; fi
if [ "${1:-}" = --install ]; then
  echo "Installing Chromium for the browser tests" >&2
  if install_one >&2 && find_one; then exit 0; fi
fi
echo "There is no Chromium. Install it, or say where it is in SMITH_TEST_CHROMIUM." >&2
exit 1
