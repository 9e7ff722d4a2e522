// What changes by itself: times that pass, and timers of Live Activities.

import { ago } from "../shared/figures.js"
import { el, setText } from "./dom.js"

const clocks = new Map()

export function timeElement(milliseconds, className = "lock-time") {
  const element = el("time", { class: className })
  setTime(element, milliseconds)
  return element
}

export function setTime(element, milliseconds) {
  element.setAttribute("datetime", new Date(milliseconds).toISOString())
  element.title = new Date(milliseconds).toLocaleString()
  setText(element, ago(milliseconds))
}

// Calls `show` each half second until the element has left the page.
export function tick(element, show) {
  clocks.set(element, show)
  show()
}

function pass() {
  if (document.hidden) return
  for (const [element, show] of clocks) {
    if (element.isConnected) show()
    else clocks.delete(element)
  }
  for (const element of document.querySelectorAll("time[datetime]")) {
    setText(element, ago(Date.parse(element.getAttribute("datetime"))))
  }
}

export function startTicking() {
  setInterval(pass, 500)
  document.addEventListener("visibilitychange", pass)
}
