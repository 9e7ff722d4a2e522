#!/usr/bin/env bash
# Runs a command that finds Swift 6, in the working directory: `scripts/with_swift.sh swift build`.
# Where Swift is in a Debian of its own, the command sees that, this checkout and the folder for temporary files.
set -euo pipefail
checkout=$(cd "$(dirname "$0")/.." && pwd -P)
found=$("$checkout/scripts/find_swift.sh") || { echo "There is no Swift 6: run scripts/install_swift.sh" >&2; exit 1; }
if [ "$found" = own ]; then exec "$@"; fi

# The mounts end with the command. The compiler needs /proc; each `exec` keeps the process, so that signals reach the command.
exec unshare --mount bash -euc '
  root=$1 checkout=$2 temporary=$3 folder=$4
  shift 4
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  for shared in "$temporary" "$checkout"; do
    mkdir -p "$root$shared"
    mount --rbind "$shared" "$root$shared"
  done
  exec chroot "$root" env --chdir="$folder" HOME=/root LD_LIBRARY_PATH=/usr/libexec/swift/lib/swift/linux "$@"
' bash "$found" "$checkout" "${TMPDIR:-/tmp}" "$(pwd -P)" "$@"
