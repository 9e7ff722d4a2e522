// A Live Activity as on the lock screen. It changes in place: new elements are made only if the layout is another.

import { reading } from "../shared/reading.js"
import { actionButton } from "./action_buttons.js"
import { bodyOf } from "./activity_body.js"
import { el, hidden, setAttributes, setText, symbol } from "./dom.js"

const LONG_FIGURE = 7

export class ActivityCard {
  #body = null
  #shape = ""
  #buttons = ""
  #parts

  constructor(row, remove) {
    const part = (tag, className, attributes = {}) => el(tag, { class: className, ...attributes })
    const parts = {
      title: part("h3", "lock-title"),
      icon: part("span", "lock-mark is-symbol"),
      badge: part("span", "lock-mark"),
      marks: part("div", "lock-marks"),
      subtitle: part("div", "lock-text"),
      figure: part("div", "lock-figure", { "aria-hidden": "true" }),
      tag: part("div", "lock-tag"),
      body: part("div", "lock-body"),
      foot: part("div", "lock-foot"),
    }
    parts.marks.append(parts.icon, parts.badge)
    const removal = el("button", { class: "lock-remove", type: "button", onclick: () => remove(this.row) }, symbol("close"))
    this.#parts = { ...parts, removal: removal.appendChild(hidden("")) }
    const words = el("div", { class: "lock-words" }, parts.title, parts.marks, parts.subtitle)
    const side = el("div", { class: "lock-side" }, parts.figure, parts.tag)
    this.element = el("article", { class: "lock-card lock-activity", tabindex: "-1" },
      el("div", { class: "lock-head" }, words, side, removal), parts.body, parts.foot)
    this.element.dataset.id = row.id
  }

  update(row) {
    this.row = row
    const parts = this.#parts
    const card = reading(row.state)
    tint(this.element, card.color)
    setText(parts.title, card.title)
    setText(parts.removal, `Remove ${card.title}`)
    setAttributes(this.element, { "aria-label": `Live Activity: ${card.title || "without a title"}` })
    for (const [element, mark] of [[parts.icon, card.icon], [parts.badge, card.badge]]) {
      element.hidden = !mark
      setText(element, mark?.text ?? "")
      if (mark) tint(element, mark.color)
    }
    parts.marks.hidden = !card.icon && !card.badge
    setText(parts.subtitle, card.subtitle)
    parts.subtitle.hidden = !card.subtitle
    const figure = ["bar", "segments"].includes(card.body.kind) ? card.body.figure : ""
    setText(parts.figure, figure)
    parts.figure.className = `lock-figure ${figure.length > LONG_FIGURE ? "is-long" : ""}`
    this.#tag()
    this.#show(card.body)
    this.#act(card.actions)
  }

  #tag() {
    const { event, stale_at: staleAt } = this.row
    const words = event === "end" ? "Ended" : staleAt && staleAt * 1000 < Date.now() ? "Out of date" : ""
    setText(this.#parts.tag, words)
    this.#parts.tag.hidden = !words
  }

  #show(body) {
    const shape = [body.kind, body.pieces?.length, body.metrics?.length, body.endsAt === null].join()
    if (shape !== this.#shape) {
      this.#body = bodyOf(body)
      this.#parts.body.replaceChildren(...this.#body.elements)
      this.#shape = shape
    }
    this.#body.update(body)
  }

  #act(actions) {
    const wanted = JSON.stringify(actions)
    if (wanted === this.#buttons) return
    this.#buttons = wanted
    this.#parts.foot.replaceChildren(...actions.map((action) => actionButton(action)).filter(Boolean))
  }
}

export function tint(element, color) {
  element.style.setProperty("--lock-tint", `var(--lock-${color})`)
}
