#!/usr/bin/env bash
# Writes gateway/reference/scalar-api-reference-VERSION.js.gz, the viewer of /api/docs, from the npm registry. With
# another version, change the file's name in gateway/reference/__init__.py and page.html, too: caches keep it for good.
set -euo pipefail
cd "$(dirname "$0")/.."

version=1.46.4
integrity=EpCcOG15Ry8DKNs/f5AdRA97s1B5kGPekzANpnK0j1IpyU4Sb/mfdyfB00WC+vUo7hfc4BFRSkkiPa5SSM7fng==

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
npm pack --silent --pack-destination "$scratch" "@scalar/api-reference@$version" >/dev/null
package="$scratch/scalar-api-reference-$version.tgz"
if [ "$(openssl dgst -sha512 -binary "$package" | openssl base64 -A)" != "$integrity" ]; then
  echo "the package is not the one that was looked at" >&2
  exit 1
fi
tar -xzf "$package" -C "$scratch" package/dist/browser/standalone.js
rm -f gateway/reference/scalar-api-reference-*.js.gz
gzip -9 -n -c "$scratch/package/dist/browser/standalone.js" >"gateway/reference/scalar-api-reference-$version.js.gz"
