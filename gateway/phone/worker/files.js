// The page without a network: its own files, all of one version.

import { FILES, VERSION } from "../version.js"

const PREFIX = "files-"
const KEPT = `${PREFIX}${VERSION}`
const addressOf = (name) => new URL(name, registration.scope).href
const ADDRESSES = new Set(Object.keys(FILES).map(addressOf))

// The digests hold: while servers of two versions answer, a mixture of both is refused, and tried again later.
export async function keepFiles() {
  const files = await caches.open(KEPT)
  await files.addAll(Object.entries(FILES).map(
    ([name, integrity]) => new Request(addressOf(name), { integrity, cache: "no-cache", credentials: "omit" }),
  ))
}

export async function dropOldFiles() {
  const names = await caches.keys()
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== KEPT).map((name) => caches.delete(name)))
}

export function answerFromFiles(event) {
  const { request } = event
  const address = new URL(request.url)
  address.search = address.hash = ""
  if (request.method !== "GET" || !ADDRESSES.has(address.href)) return
  event.respondWith(fromFiles(address.href, request))
}

async function fromFiles(address, request) {
  const files = await caches.open(KEPT)
  return (await files.match(address)) ?? fetch(request)
}
