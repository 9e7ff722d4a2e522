// The page: which view is shown, and what keeps it up to date.

import { Unpaired, Unreachable } from "./shared/api.js"
import { fact, putFact } from "./shared/database.js"
import { hear } from "./shared/news.js"
import { el, say, setText, symbol } from "./page/dom.js"
import { obstacle } from "./page/environment.js"
import { guideFor } from "./page/guides.js"
import { Inbox } from "./page/inbox.js"
import { follow } from "./page/live.js"
import { codeFromAddress, pairingView } from "./page/pairing.js"
import { adviceFor, checkReception } from "./page/reception.js"
import { noticeOf, setupView } from "./page/setup.js"
import { leave, ThisBrowser } from "./page/this_browser.js"
import { startTicking } from "./page/ticking.js"
import { keepWorker } from "./page/worker.js"

const main = document.getElementById("main")
const title = document.getElementById("title")
const tabs = document.getElementById("tabs")
const count = document.getElementById("count")
const notice = el("div", { class: "notices" })

let inbox = null
let browser = null
let following = null
let device
let reception = { kind: "ready" }

function show({ title: words, content, focus }, { isQuiet = false } = {}) {
  setText(title, words)
  document.title = words === "Inbox" ? "ActivitySmith" : `${words} – ActivitySmith`
  main.replaceChildren(content)
  if (!isQuiet) (focus ?? title).focus({ preventScroll: true })
}

async function begin() {
  const code = codeFromAddress()
  const hindrance = obstacle()
  if (hindrance) return show(guideFor(hindrance, code), { isQuiet: true })
  startTicking()
  await keepWorker()
  hear(listen)
  if (!(await fact("device"))) return askForCode(code)
  if (code) return askWhichPairing(code)
  return receive({ isQuiet: true })
}

async function askForCode(code) {
  const removed = await fact("removed")
  const done = () => {
    removeEventListener("hashchange", again)
    show(setupView(() => receive()))
  }
  const ask = (given) => show(pairingView(given, removed, done), { isQuiet: !given })
  // A link that is opened while the page is.
  const again = () => {
    const given = codeFromAddress()
    if (given) ask(given)
  }
  addEventListener("hashchange", again)
  ask(code)
}

// A link with a code, in a browser that is paired: perhaps another workspace's.
async function askWhichPairing(code) {
  const { name } = await fact("device")
  const stay = el("button", { class: "primary", type: "button", onclick: () => receive() }, "Keep it as it is")
  const content = el("section", { class: "panel" },
    el("p", {}, "This browser is paired as “", el("b", {}, name), "”. Pair it with the code ", el("b", { class: "code" }, code),
      " instead? Unpair it first, under This browser; then open the link again."), stay)
  show({ title: "Paired already", content, focus: stay })
}

function receive(options) {
  const isFirst = !inbox
  inbox ??= new Inbox()
  browser ??= new ThisBrowser({
    leaving: () => following.pause(),
    stayed: () => following.resume(),
    left: restart,
  })
  tabs.hidden = false
  route(options)
  fact("badge").then(showCount)
  refresh()
  checkAgain()
  if (isFirst) keepUpToDate()
}

function keepUpToDate() {
  following = follow((state) => {
    device = state.device ?? device
    showCount(state.badge)
    if (reception.kind === "offline") checkAgain()
    refresh()
  }, (error) => {
    if (error instanceof Unreachable) received({ kind: "offline" })
    else say(error.message)
  })
  addEventListener("hashchange", () => route())
  document.addEventListener("visibilitychange", () => { if (!document.hidden) checkAgain() })
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    history.replaceState(null, "", data.place || "#")
    route()
  })
  navigator.permissions?.query({ name: "notifications" }).then((status) => status.addEventListener("change", checkAgain))
}

function route(options) {
  if (tabs.hidden) return
  const place = location.hash.slice(1)
  const isBrowser = place === "browser"
  for (const link of tabs.querySelectorAll("a")) {
    if ((link.hash === "#browser") === isBrowser) link.setAttribute("aria-current", "page")
    else link.removeAttribute("aria-current")
  }
  const view = isBrowser ? browser : inbox
  const content = el("div", {}, notice, view.content)
  show({ title: isBrowser ? "This browser" : "Inbox", content }, options)
  draw()
}

async function draw() {
  await Promise.all([inbox.draw(), browser.draw(device)])
  // `#n=` and `#a=` name a notification and an activity.
  const [, id] = /^#[na]=([\w-]+)$/.exec(location.hash) ?? []
  if (id && inbox.show(id)) history.replaceState(null, "", "#")
}

// Asks for what is new. Without a network the page shows what it has.
async function refresh() {
  try {
    await inbox.refresh()
  } catch (error) {
    if (error instanceof Unreachable) received({ kind: "offline" })
    else if (!(error instanceof Unpaired)) say(error.message)
  }
  await draw()
}

async function checkAgain() {
  received(await checkReception())
}

function received(state) {
  if (state.kind === "unpaired") return
  const isSame = state.kind === reception.kind && state.words === reception.words
  reception = state
  device = state.device ?? device
  const advice = adviceFor(state)
  if (!isSame || !advice) notice.replaceChildren(...(advice ? [noticeOf(state, advice, received)] : []))
  draw()
}

function showCount(badge) {
  count.hidden = !badge
  setText(count, badge ? String(badge) : "")
  const told = badge === undefined ? undefined : badge ? navigator.setAppBadge?.(badge) : navigator.clearAppBadge?.()
  // Allowed to installed pages only, in some browsers.
  told?.catch((error) => console.info("the number on the icon was refused", error))
}

async function listen(what) {
  if (what === "unpaired") return leaveRemoved()
  if (inbox) {
    if (what !== "push") return draw()
    showCount(await fact("badge"))
    // The server has what the push had no room for.
    await refresh()
  }
  return undefined
}

async function leaveRemoved() {
  const removed = await fact("removed")
  await leave()
  if (removed) await putFact("removed", removed)
  restart()
}

function restart() {
  history.replaceState(null, "", location.pathname + location.search)
  location.reload()
}

begin().catch((error) => {
  console.error(error)
  show({ title: "This page cannot start", content: el("section", { class: "panel" },
    el("div", { class: "notice-mark" }, symbol("alert")), el("p", {}, error.message)) })
})
