// Buttons of notifications and Live Activities.

import { destination } from "../shared/figures.js"
import { runAction } from "../shared/running.js"
import { el, hidden, say, setText, symbol } from "./dom.js"

// The button, or link, of an action, and below it what became of it.
export function actionButton(action, className = "") {
  return action.type === "webhook" ? webhookButton(action, className) : linkTo(action.url, action.title, className)
}

export function linkTo(url, title, className) {
  const target = destination(url)
  if (!target) return ""
  const attributes = { class: `lock-action ${className}`, href: target, target: "_blank", rel: "noopener noreferrer" }
  return el("a", attributes, symbol("open"), el("span", { class: "lock-action-title" }, title), hidden(", opens a link"))
}

function webhookButton(action, className) {
  const title = el("span", { class: "lock-action-title" }, action.title)
  const outcome = el("span", { class: "outcome" })
  const button = el("button", { class: `lock-action ${className}`, type: "button" }, symbol("bolt"), title, outcome)

  async function run() {
    if (button.getAttribute("aria-disabled") === "true") return
    show("running", "Running…")
    const { state, message } = await runAction(action.id, () => say(`${action.title}: still running`))
    show(state, { succeeded: "Done", running: "Still running", failed: message || "It did not work." }[state])
  }

  function show(state, words) {
    button.dataset.state = state
    // Not `disabled`: the focus would be lost.
    button.setAttribute("aria-disabled", String(state === "running" && words === "Running…"))
    setText(outcome, words)
    say(`${action.title}: ${words}`)
  }

  button.addEventListener("click", run)
  return button
}
