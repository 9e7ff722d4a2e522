// "Send a test": the whole way, from the server by the push service back to here.

import { asDevice, Refused, Unpaired, Unreachable } from "../shared/api.js"
import { el, setText } from "./dom.js"

export function testButton(className = "primary") {
  const outcome = el("p", { class: "outcome", role: "status" })
  const button = el("button", { class: className, type: "button", onclick: send }, "Send a test")

  async function send() {
    if (button.getAttribute("aria-disabled") === "true") return
    button.setAttribute("aria-disabled", "true")
    setText(outcome, "On its way…")
    setText(outcome, await words())
    button.removeAttribute("aria-disabled")
  }

  return el("div", { class: "test-push" }, button, outcome)
}

async function words() {
  try {
    const answer = await asDevice("POST", "device/test-push-notification")
    const { devices_notified: notified } = answer.sent ?? answer
    return notified
      ? "The push service has taken it. It rings in a moment."
      : "It is queued. The push service has not taken it yet; the server goes on trying."
  } catch (error) {
    if (error instanceof Unreachable) return "The server cannot be reached. Try again when you are online."
    if (error instanceof Unpaired) return "This browser is no longer paired."
    if (!(error instanceof Refused)) throw error
    return error.status === 404 ? "The server cannot reach this browser yet: allow notifications first." : error.message
  }
}
