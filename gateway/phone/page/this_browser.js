// About this browser as a phone: what it is called, whether pushes reach it, and the way out.

import { asDevice, Unpaired } from "../shared/api.js"
import { fact, forgetAll } from "../shared/database.js"
import { el, setText } from "./dom.js"
import { testButton } from "./test_push.js"
import { setTime } from "./ticking.js"
import { activeWorker } from "./worker.js"

const SERVICES = { apple: "Apple", google: "Google", mozilla: "Mozilla", microsoft: "Microsoft" }
const PERMISSIONS = { granted: "Allowed", denied: "Blocked", default: "Not asked yet" }

export class ThisBrowser {
  #rows = new Map()

  // `leaving` is called before the server is told, `stayed` if that failed, `left` once this browser is unpaired.
  constructor({ leaving, stayed, left }) {
    this.list = el("dl", { class: "facts" })
    this.leaving = leaving
    this.stayed = stayed
    this.left = left
    this.dialog = this.#confirmation()
    const unpair = el("button", { class: "danger", type: "button", onclick: () => this.dialog.showModal() }, "Unpair this browser")
    this.content = el("div", {}, el("section", { class: "panel" }, this.list, testButton("secondary")),
      el("section", { class: "panel" }, el("p", {}, "Unpaired, this browser gets nothing any more, and forgets what came in."), unpair),
      this.dialog)
  }

  // `device` is what the server says of this browser, if it was heard.
  async draw(device) {
    const [own, subscription, lastPush] = await Promise.all([fact("device"), fact("subscription"), fact("last_push")])
    this.#show("Name", device?.name ?? own?.name ?? "")
    this.#show("Server", location.host)
    this.#show("Notifications", PERMISSIONS[Notification.permission])
    this.#show("Push service", service(device, subscription))
    this.#showTime("Last push received", lastPush)
    this.#showTime("Last report to the server", device?.last_seen_at ? Date.parse(device.last_seen_at) : subscription?.reported_at)
    this.#showTime("Paired", own?.paired_at)
  }

  #show(name, text) {
    setText(this.#value(name), text)
  }

  #showTime(name, milliseconds) {
    const value = this.#value(name)
    if (!milliseconds) return setText(value, "Never")
    const time = value.querySelector("time") ?? el("time")
    setTime(time, milliseconds)
    if (!time.isConnected) value.replaceChildren(time)
    return undefined
  }

  #value(name) {
    if (!this.#rows.has(name)) {
      const value = el("dd")
      this.list.append(el("div", {}, el("dt", {}, name), value))
      this.#rows.set(name, value)
    }
    return this.#rows.get(name)
  }

  #confirmation() {
    const fault = el("p", { class: "fault", role: "alert" })
    const confirm = el("button", { class: "danger is-full", type: "button", onclick: () => this.#unpair(fault) }, "Unpair")
    return el("dialog", { "aria-labelledby": "unpair-title" },
      el("h2", { id: "unpair-title" }, "Unpair this browser?"),
      el("p", {}, "To receive here again you need a new pairing code."), fault,
      el("div", { class: "dialog-buttons" },
        el("button", { class: "secondary", type: "button", onclick: () => this.dialog.close() }, "Cancel"), confirm))
  }

  // The server first: if it cannot be told, this browser would be forgotten here and go on there.
  async #unpair(fault) {
    // A question that waits at the server would be told that this browser was removed.
    this.leaving()
    try {
      await asDevice("DELETE", "device")
    } catch (error) {
      if (!(error instanceof Unpaired)) {
        this.stayed()
        return setText(fault, `${error.message} This browser is still paired.`)
      }
    }
    await leave()
    this.dialog.close()
    this.left()
    return undefined
  }
}

// Ends the subscription, and removes what is shown and kept.
export async function leave() {
  await forgetAll()
  const registration = await activeWorker()
  await (await registration.pushManager.getSubscription())?.unsubscribe()
  for (const one of await registration.getNotifications()) one.close()
  await navigator.clearAppBadge?.().catch(() => undefined)
}

function service(device, subscription) {
  if (!subscription) return "None"
  return SERVICES[device?.push_service] ?? subscription.service
}
