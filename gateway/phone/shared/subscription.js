// The browser's subscription at its push service, and that the server knows it.

import { asDevice } from "./api.js"
import { putFact } from "./database.js"

const PATIENCE_SECONDS = 25

// The push service, not our server, has refused, or has not answered. `message` has the browser's own words.
export class NotSubscribed extends Error {}

// Sees to it that there is a subscription made with the server's key, and reports it: at each opening of the page, so
// that one which the push service has dropped unseen is made again, and one that the server has lost is told again.
export async function keepSubscribed(registration) {
  const { public_key: key } = await asDevice("GET", "device/web-push-key")
  let subscription = await registration.pushManager.getSubscription()
  if (subscription && !madeWith(subscription, key)) {
    await subscription.unsubscribe()
    subscription = null
  }
  subscription ??= await subscribe(registration, key)
  const { device } = await asDevice("PUT", "device/web-subscription", {
    body: { ...subscription.toJSON(), page_url: registration.scope },
  })
  await putFact("subscription", { service: new URL(subscription.endpoint).host, reported_at: Date.now() })
  return device
}

async function subscribe(registration, key) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new NotSubscribed("The browser's push service did not answer.")), PATIENCE_SECONDS * 1000)
  })
  const options = { userVisibleOnly: true, applicationServerKey: bytes(key) }
  const asked = registration.pushManager.subscribe(options).catch((error) => {
    throw new NotSubscribed(`${error.name}: ${error.message}`, { cause: error })
  })
  try {
    return await Promise.race([asked, late])
  } finally {
    clearTimeout(timer)
  }
}

function madeWith(subscription, key) {
  const used = subscription.options?.applicationServerKey
  // A browser that does not tell its key is believed: the server hears from the push service if it is another.
  return !used || base64url(new Uint8Array(used)) === key
}

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0))

const base64url = (data) => btoa(String.fromCharCode(...data)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
