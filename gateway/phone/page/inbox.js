// What is on the screen now, and what has come in: from what this browser keeps, so also without a network.

import { asDevice } from "../shared/api.js"
import { addNotifications, alter, newestFirst, readAll } from "../shared/database.js"
import { closeUnasked } from "../shared/tidying.js"
import { reportDismissed } from "../shared/outbox.js"
import { ActivityCard } from "./activity.js"
import { el, reconcile, say } from "./dom.js"
import { emptyInbox } from "./empty_inbox.js"
import { NotificationCard } from "./notification.js"
import { activeWorker } from "./worker.js"

const PAGE_SIZE = 30

export class Inbox {
  #cards = new Map()
  #notifications = new Map()
  #older = []
  #next = ""

  constructor() {
    this.live = el("div", { class: "cards" })
    this.liveSection = el("section", { "aria-labelledby": "live-title", hidden: true },
      el("h2", { id: "live-title" }, "Live now"), this.live)
    this.list = el("div", { class: "cards" })
    this.more = el("button", { class: "secondary", type: "button", hidden: true, onclick: () => this.#loadMore() }, "Load more")
    this.listTitle = el("h2", { id: "list-title" }, "Notifications")
    this.section = el("section", { "aria-labelledby": "list-title" }, this.listTitle, this.list, this.more)
    this.empty = emptyInbox()
    this.content = el("div", {}, this.liveSection, this.section, this.empty)
  }

  // Asks the server for the newest, and keeps them. Raises what the call raises.
  async refresh() {
    const { notifications = [], next_page_token: next = "" } = await this.#listed()
    await addNotifications(notifications, (row, before) => row.version >= before.version)
    if (!this.#older.length) this.#next = next
    await this.draw()
  }

  // Draws what is kept.
  async draw() {
    const now = Date.now() / 1000
    const activities = (await readAll("activities")).filter((row) => isShown(row, now))
    activities.sort((one, other) => (other.started_at ?? other.timestamp) - (one.started_at ?? one.timestamp))
    reconcile(this.live, activities, this.#cards, (row) => new ActivityCard(row, (shown) => this.#remove(shown)))
    const kept = await readAll("notifications")
    const ids = new Set(kept.map((row) => row.id))
    const rows = newestFirst([...kept, ...this.#older.filter((row) => !ids.has(row.id))])
    reconcile(this.list, rows, this.#notifications, (row) => new NotificationCard(row))
    this.liveSection.hidden = !activities.length
    this.section.hidden = !rows.length
    this.empty.hidden = Boolean(rows.length || activities.length)
    this.more.hidden = !this.#next
  }

  // Brings the thing that a link names into view; answers whether it is here.
  show(id) {
    const card = [...this.content.querySelectorAll("[data-id]")].find((one) => one.dataset.id === id)
    if (!card) return false
    card.scrollIntoView({ block: "center" })
    card.focus({ preventScroll: true })
    card.classList.remove("is-pointed-at")
    // Read, so that the animation begins again.
    void card.offsetWidth
    card.classList.add("is-pointed-at")
    return true
  }

  #listed(token) {
    return asDevice("GET", "device/notifications", { query: { page_size: PAGE_SIZE, page_token: token || undefined } })
  }

  async #loadMore() {
    this.more.setAttribute("aria-disabled", "true")
    try {
      const { notifications = [], next_page_token: next = "" } = await this.#listed(this.#next)
      const known = this.list.children.length
      this.#older.push(...notifications)
      this.#next = next
      await this.draw()
      this.list.children[known]?.focus()
    } catch (error) {
      say(`More could not be loaded. ${error.message}`)
    } finally {
      this.more.removeAttribute("aria-disabled")
    }
  }

  async #remove(row) {
    await alter("activities", row.id, (held) => ({ ...held, dismissed: true, seen_at: Date.now() }))
    const next = this.live.querySelector(`[data-id]:not([data-id="${CSS.escape(row.id)}"])`)
    await this.draw()
    ;(next ?? this.listTitle).focus?.()
    say("Removed.")
    await closeUnasked(await activeWorker(), row.id)
    if (row.event !== "end") await reportDismissed(row.id)
  }
}

function isShown(row, now) {
  if (!row.state || row.dismissed) return false
  return row.event !== "end" || !row.dismiss_at || row.dismiss_at > now
}
