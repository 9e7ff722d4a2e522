// The server's calls for phones.

import { fact, forgetAll, putFact } from "./database.js"
import { tell } from "./news.js"

// This module's own address leads to the API, whatever path a proxy shows all of it under.
const API = new URL("../../api/", import.meta.url)
const PATIENCE_SECONDS = 30

// The server's answer is an error: `status`, its `message`, and perhaps when to try again.
export class Refused extends Error {
  constructor(status, body, retryAfter) {
    super(body.message ?? `The server answered ${status}.`)
    this.status = status
    this.retryAfter = retryAfter
  }

  // Whether the same call may be answered otherwise later.
  get passes() {
    return this.status === 408 || this.status === 429 || this.status >= 500
  }
}

// There was no answer.
export class Unreachable extends Error {}

// The server no longer knows this browser, or the browser was never paired.
export class Unpaired extends Error {}

export async function call(method, path, { body, query, token, signal, patience = PATIENCE_SECONDS } = {}) {
  const url = new URL(path, API)
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) url.searchParams.set(name, value)
  const headers = { ...(token && { authorization: `Bearer ${token}` }), ...(body && { "content-type": "application/json" }) }
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), patience * 1000)
  const stop = () => limit.abort()
  signal?.addEventListener("abort", stop)
  if (signal?.aborted) stop()
  try {
    const options = { method, headers, signal: limit.signal, cache: "no-store", credentials: "omit" }
    const answer = await fetch(url, { ...options, ...(body && { body: JSON.stringify(body) }) })
    const text = await answer.text()
    if (answer.ok) return text ? JSON.parse(text) : {}
    throw new Refused(answer.status, problem(text), Number(answer.headers.get("retry-after")) || 0)
  } catch (error) {
    // Also an answer that is no JSON: a proxy's page, or that of a network which wants people to sign in.
    if (error instanceof Refused) throw error
    throw new Unreachable("The server cannot be reached.", { cause: error })
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener("abort", stop)
  }
}

function problem(text) {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

// A call as the paired device. If the server does not know the device any more, all that belonged to it is forgotten.
export async function asDevice(method, path, options = {}) {
  const device = await fact("device")
  if (!device) throw new Unpaired()
  try {
    return await call(method, path, { ...options, token: device.token })
  } catch (error) {
    // Only the server's own refusal counts: a proxy may ask for credentials of its own.
    if (!(error instanceof Refused) || error.status !== 401) throw error
    if ((await fact("device"))?.token === device.token) {
      await forgetAll()
      await putFact("removed", { name: device.name })
      tell("unpaired")
    }
    throw new Unpaired()
  }
}
