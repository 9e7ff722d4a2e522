#!/usr/bin/env bash
# Prints the path of a Chromium for the browser tests. With `headless` the one that has no desktop is preferred: it opens
# pages for a fifth of the processor time, and shows no notifications.
set -euo pipefail

names=(chromium chromium-browser google-chrome google-chrome-stable)
if [ "${1:-}" = headless ]; then names=(chromium-headless-shell chrome-headless-shell "${names[@]}"); fi
for name in ${SMITH_TEST_CHROMIUM:-} "${names[@]}"; do
  if command -v "$name"; then exit 0; fi
done
for path in "/Applications/Chromium.app/Contents/MacOS/Chromium" \
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
  if [ -x "$path" ]; then echo "$path"; exit 0; fi
done
echo "There is no Chromium. Install it, or say where it is in SMITH_TEST_CHROMIUM." >&2
exit 1
