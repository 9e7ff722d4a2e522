// A person has tapped a notification, or one of its buttons.

import { destination } from "../shared/figures.js"
import { runAction } from "../shared/running.js"

export async function clicked(notification, pressed) {
  const smith = notification.data?.smith
  // A Live Activity stays where it is until it is over.
  if (smith?.kind !== "activity" || smith.event === "end") notification.close()
  const action = pressed ? buttonsOf(smith).find((one) => one?.id === pressed) : null
  if (action?.type === "webhook") return run(action)
  const target = destination(action?.type === "open_url" ? action.url : pressed ? null : smith?.redirection)
  return target ? openElsewhere(target, smith) : openPage(smith)
}

const buttonsOf = ({ actions, state } = {}) => (Array.isArray(actions) ? actions : [state?.action, state?.secondary_action])

async function run(action) {
  const outcome = await runAction(action.id)
  if (outcome.state !== "failed") return
  await registration.showNotification(`“${action.title}” did not work`, {
    body: outcome.message,
    tag: `run-${action.id}`,
    icon: new URL("icons/icon-192.png", registration.scope).href,
    data: {},
  })
}

async function openElsewhere(target, smith) {
  try {
    await clients.openWindow(target)
  } catch {
    // Some browsers open web pages only. The page has the same button as a link.
    await openPage(smith)
  }
}

async function openPage(smith) {
  const place = smith ? `#${smith.kind === "activity" ? "a" : "n"}=${encodeURIComponent(smith.id)}` : ""
  const address = `${registration.scope}${place}`
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true })
  const open = windows.find((one) => one.url.startsWith(registration.scope))
  if (!open) return void (await clients.openWindow(address))
  await open.focus()
  open.postMessage({ place })
}
