// Whether pushes reach this browser, and if not, why and what helps.

import { Refused, Unpaired, Unreachable } from "../shared/api.js"
import { keepSubscribed, NotSubscribed } from "../shared/subscription.js"
import { isInstalled } from "./environment.js"
import { activeWorker } from "./worker.js"

// Checks all of it, and reports the subscription to the server: `{kind, words, device}`.
export async function checkReception() {
  if (Notification.permission === "denied") return { kind: "blocked" }
  if (Notification.permission !== "granted") return { kind: "ask" }
  try {
    return { kind: "ready", device: await keepSubscribed(await activeWorker()) }
  } catch (error) {
    if (error instanceof NotSubscribed) return { kind: "failed", words: error.message }
    if (error instanceof Unreachable) return { kind: "offline" }
    if (error instanceof Unpaired) return { kind: "unpaired" }
    if (error instanceof Refused) return { kind: error.status === 503 ? "server" : "refused", words: error.message }
    throw error
  }
}

// What a person is told of it: a title, what to do, and the label of the button that tries again, if that can help.
export function adviceFor({ kind, words = "" }) {
  return {
    ask: {
      title: "Allow notifications",
      text: "Without your permission nothing rings here. This page still shows what comes in while it is open.",
      button: "Allow notifications",
    },
    blocked: { title: "Notifications are blocked", text: unblocking(), button: "Check again" },
    failed: {
      title: "This browser could not subscribe",
      text: `${words.replace(/([^.!?])$/, "$1.")} It helps to be online, to leave a private window, and to let the browser use its push service `
        + "(Brave: Settings, Privacy, “Use Google services for push messaging”).",
      button: "Try again",
    },
    server: { title: "The server cannot send to browsers yet", text: words, button: "Try again" },
    refused: { title: "The server did not take this browser", text: words, button: "Try again" },
    offline: { title: "You are offline", text: "What came in until now is shown below.", button: "Try again" },
  }[kind]
}

function unblocking() {
  return isInstalled()
    ? "Open your phone's settings, find this app under Notifications, and allow them. Then come back."
    : "Tap the symbol beside the address, open the site's settings or permissions, and set Notifications to Allow. "
      + "Then come back."
}
