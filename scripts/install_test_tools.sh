#!/usr/bin/env bash
# Installs missing tools that the tests need in addition to Python and Node, with the machine's package manager. With
# `firefox` those, too, that need Firefox: itself, and what it shows notifications with on a desktop.
set -euo pipefail
cd "$(dirname "$0")"

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install() {
  echo "Installing $1 for the tests" >&2
  if command -v apt-get; then
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1"
  elif command -v dnf; then
    as_root dnf install -y -q "$1"
  elif command -v apk; then
    as_root apk add -q "$1"
  elif command -v pacman; then
    as_root pacman -S --noconfirm --quiet "$1"
  elif command -v brew; then
    brew install --quiet "$1"
  else
    echo "Install $1: no package manager that is known here was found." >&2
    return 1
  fi >&2
}

command -v curl >/dev/null || install curl
./find_chromium.sh >/dev/null 2>&1 || install chromium
./find_chromium.sh >/dev/null
# Debian has it. The tests can do without and take longer, so nothing is asked of a person for it.
may_install() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
if [ -z "${SMITH_TEST_CHROMIUM:-}" ] && ! command -v chromium-headless-shell >/dev/null &&
  apt-cache show chromium-headless-shell >/dev/null 2>&1 && may_install; then
  install chromium-headless-shell || echo "Going on without chromium-headless-shell" >&2
fi
[ "${1:-}" = firefox ] || exit 0

if ! command -v firefox-esr firefox >/dev/null; then
  if command -v apt-get >/dev/null; then install firefox-esr; else install firefox; fi
fi
command -v dbus-daemon >/dev/null || install dbus
if ! find /usr/lib /usr/lib64 /lib -name 'libnotify.so.4*' 2>/dev/null | grep -q .; then
  if command -v apt-get >/dev/null; then install libnotify4; else install libnotify; fi
fi
command -v firefox-esr firefox >/dev/null || { echo "There is no Firefox, which make test-all needs. Install it." >&2; exit 1; }
