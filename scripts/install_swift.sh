#!/usr/bin/env bash
# Makes Swift 6 available to scripts/with_swift.sh. A `swift` 6 on the PATH is taken as it is. On Debian and Ubuntu, as root,
# a Debian 13 with its package of Swift is made in a folder of the cache (3.4 GB, some minutes); nothing else of the machine
# changes, but that `debootstrap` is installed. Where neither can be done, one line says why, and the status is 3.
set -euo pipefail
cd "$(dirname "$0")"
PACKAGES="swiftlang swiftlang-dev ca-certificates libc6-dev g++ git libcurl4-openssl-dev libxml2-dev"

cannot() {
  echo "Swift 6 is not here, and cannot be installed: $1. Install it (https://www.swift.org/install) and put it on the PATH." >&2
  exit 3
}

if ./find_swift.sh >/dev/null; then exit; fi
[ "$(uname -s)" = Linux ] || cannot "that is done on Debian and Ubuntu only"
command -v apt-get >/dev/null || cannot "that is done on Debian and Ubuntu only"
[ "$(id -u)" = 0 ] || cannot "that needs root"
unshare --mount true 2>/dev/null || cannot "this container does not allow mounts"

folder=$(./find_swift.sh) || true
mkdir -p "$(dirname "$folder")"
# Who comes second waits, and finds it done. The lock goes with the process, however that ends.
exec 9>"$folder.lock"
flock 9
if ./find_swift.sh >/dev/null; then exit; fi

log=$folder.log
echo "Installing Swift for the tests, into $folder (3.4 GB, some minutes)" >&2
exec 3>&2 >"$log" 2>&1
failed() {
  exec 2>&3
  cannot "$1 failed, see $log"
}

export DEBIAN_FRONTEND=noninteractive
apt_updated=
update() { { [ -n "$apt_updated" ] || apt-get update; } && apt_updated=1; }
command -v debootstrap || { update && apt-get install -y --no-install-recommends debootstrap; } || failed "apt-get install debootstrap"
# apt reads both forms of its sources. Other systems have no Debian 13 in theirs.
debian() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sort -u | head -n 1; }
mirror=
if [ "$(. /etc/os-release && echo "$ID")" = debian ]; then
  mirror=$(debian)
  [ -n "$mirror" ] || { update && mirror=$(debian); } || failed "apt-get update"
else
  [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] ||
    { update && apt-get install -y --no-install-recommends debian-archive-keyring; } || failed "apt-get install debian-archive-keyring"
fi

# A half-made one has another name, and what an interrupted run has left is removed first.
part=$folder.part
rm -rf --one-file-system "$part"
debootstrap --variant=minbase --include=ca-certificates trixie "$part" ${mirror:+"$mirror"} || failed debootstrap
unshare --mount bash -euc '
  part=$1
  shift
  mount -t proc proc "$part/proc"
  mount --rbind /dev "$part/dev"
  exec chroot "$part" apt-get install -y --no-install-recommends "$@"
' bash "$part" $PACKAGES || failed "apt-get install swiftlang"
chroot "$part" apt-get clean
mv "$part" "$folder"
