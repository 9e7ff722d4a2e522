// Tells page and worker that something was stored. They read what they need.

const channel = new BroadcastChannel("activitysmith-phone")
const listeners = new Set()

export function tell(what) {
  channel.postMessage({ what })
  // A channel does not give its own messages back.
  for (const listener of listeners) listener(what)
}

export function hear(listener) {
  listeners.add(listener)
  channel.addEventListener("message", (event) => listener(event.data.what))
}
