// The step after pairing: permission, asked for by a tap. And what is told later when something is in the way.

import { el, say, setText, symbol } from "./dom.js"
import { adviceFor, checkReception } from "./reception.js"
import { testButton } from "./test_push.js"

export function setupView(proceed) {
  const panel = el("section", { class: "panel setup", "aria-live": "polite" })
  const later = el("button", { class: "plain", type: "button", onclick: proceed }, "Not now")

  function show(state) {
    if (state.kind === "unpaired") return
    const advice = adviceFor(state)
    panel.replaceChildren(...(advice ? [noticeOf(state, advice, show), later] : ready(proceed)))
  }

  panel.append(noticeOf({ kind: "ask" }, adviceFor({ kind: "ask" }), show), later)
  if (Notification.permission !== "default") checkReception().then(show)
  return { title: "Let it ring", content: panel, focus: panel.querySelector("button") }
}

function ready(proceed) {
  const open = el("button", { class: "secondary", type: "button", onclick: proceed }, "Open the inbox")
  return [
    el("div", { class: "big-mark is-good" }, symbol("check")),
    el("h2", {}, "This browser is ready"),
    el("p", {}, "Notifications ring here from now on, also when this page is closed."),
    testButton(), open,
  ]
}

// A notice with its way out. `changed(state)` gets what the next check has found.
export function noticeOf(state, advice, changed) {
  const button = el("button", { class: "primary", type: "button", onclick: attempt }, advice.button)
  async function attempt() {
    if (button.getAttribute("aria-disabled") === "true") return
    button.setAttribute("aria-disabled", "true")
    setText(button, "One moment…")
    // Asked for within the tap: browsers ignore the question otherwise.
    if (Notification.permission === "default") await Notification.requestPermission()
    const next = await checkReception()
    button.removeAttribute("aria-disabled")
    setText(button, advice.button)
    const told = adviceFor(next)
    say(told ? `${told.title}. ${told.text}` : "This browser is ready.")
    changed(next)
  }
  return el("div", { class: "notice", "data-kind": state.kind },
    el("div", { class: "notice-mark" }, symbol(state.kind === "ask" ? "bell" : "alert")),
    el("div", { class: "notice-words" }, el("h2", {}, advice.title), el("p", {}, advice.text)), button)
}
