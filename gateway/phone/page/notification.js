// A notification in the inbox, with everything that it has: notifications of the system have room for two buttons only.

import { destination, hostOf, mediaKind } from "../shared/figures.js"
import { actionButton, linkTo } from "./action_buttons.js"
import { el, setText } from "./dom.js"
import { setTime, timeElement } from "./ticking.js"

export class NotificationCard {
  #shown = ""

  constructor(row) {
    this.element = el("article", { class: "lock-card lock-notification", tabindex: "-1" })
    this.element.dataset.id = row.id
  }

  update(row) {
    const wanted = JSON.stringify(row)
    if (wanted === this.#shown) return
    this.#shown = wanted
    this.element.setAttribute("aria-label", `Notification: ${row.title || row.message || "without a title"}`)
    const time = timeElement(Date.parse(row.created_at))
    const head = el("div", { class: "lock-head" }, ownIcon(row.icon), el("div", { class: "lock-words" },
      el("div", { class: "lock-title-row" }, el("h3", { class: "lock-title" }, row.title ?? ""), time),
      row.subtitle && el("div", { class: "lock-subtitle" }, row.subtitle),
      row.message && el("div", { class: "lock-text lock-message" }, row.message),
      row.replaced_at && changed(Date.parse(row.replaced_at))))
    const actions = actionsOf(row).map((action) => actionButton(action, "is-row"))
    const more = [row.media ? mediaOf(row.media) : "", row.redirection ? tapTarget(row.redirection) : "", ...actions].filter(Boolean)
    this.element.replaceChildren(head, ...(more.length ? [el("div", { class: "lock-more-area" }, ...more)] : []))
  }
}

// What a push brought is shown as far as it has the right form.
const actionsOf = ({ actions }) => (Array.isArray(actions) ? actions : []).filter((action) => action?.id && action?.title)

function changed(milliseconds) {
  const time = el("time")
  setTime(time, milliseconds)
  return el("div", { class: "lock-changed" }, "Changed ", time)
}

const tapTarget = (url) => linkTo(url, `Open ${hostOf(url) || "the link"}`, "is-row is-main")

function ownIcon(url) {
  if (!url || !destination(url)?.startsWith("https:")) return ""
  const image = el("img", { class: "lock-own-icon", src: url, alt: "", loading: "lazy" })
  image.addEventListener("error", () => image.remove())
  return image
}

function mediaOf(url) {
  const kind = mediaKind(url)
  const frame = el("div", { class: `lock-media is-${kind || "unknown"}` })
  if (!kind) return ""
  // A URL without an ending may well be an image: the browser finds out.
  const isImage = kind === "image" || kind === "unknown"
  const media = isImage
    ? el("img", { class: "lock-image", src: url, alt: `Image from ${hostOf(url)}`, loading: "lazy" })
    : el(kind, { class: `lock-${kind}`, src: url, controls: true, preload: "metadata", playsinline: true })
  media.addEventListener("error", () => frame.replaceChildren(notShown(url, kind)))
  frame.append(media)
  return frame
}

function notShown(url, kind) {
  const words = { image: "The image", video: "The video", audio: "The sound", unknown: "The attachment" }[kind]
  const link = el("a", { href: url, target: "_blank", rel: "noopener noreferrer" })
  setText(link, `${words} cannot be shown here`)
  return el("div", { class: "lock-attachment" }, link)
}
