// How what came is given to the browser to be shown.

import { destination, mediaKind } from "../shared/figures.js"
import { progressOf } from "../shared/reading.js"
import { cardImage } from "./card_image.js"
import { within } from "./turn.js"

const ICON = new URL("../icons/icon-192.png", import.meta.url).href
const BADGE = new URL("../icons/badge-96.png", import.meta.url).href
const BAR_PIECES = 10
const DRAWING_SECONDS = 3
const supports = (name) => name in Notification.prototype
const mostButtons = () => Notification.maxActions ?? 2

export const UNREADABLE = {
  title: "Something has come in",
  options: { body: "Open the page to see it.", tag: "unreadable", icon: ICON, badge: BADGE, data: {} },
}

// The push as it was sent; null if it cannot be read.
export function messageOf(text) {
  let sent
  try {
    sent = JSON.parse(text)
  } catch {
    return null
  }
  const { notification, app_badge: badge } = Object(sent)
  const { title, body, data, ...options } = Object(notification)
  // Not every sender that this browser may meet writes our form; a title is enough to be shown.
  if (typeof title !== "string" || !title) return null
  return { title, body: typeof body === "string" ? body : "", options, badge: Number(badge ?? NaN), smith: smithOf(data) }
}

function smithOf(data) {
  const smith = Object(Object(data).smith)
  const isKnown = (smith.kind === "notification" || smith.kind === "activity") && typeof smith.id === "string"
  if (!isKnown || (smith.kind === "activity" && (typeof smith.state !== "object" || !smith.state))) return null
  return { ...smith, version: Number(smith.version) || 1 }
}

export function plainNotification({ title, body, options, smith }, { silent, newest }) {
  const shown = newest ?? { ...smith, title, body }
  const text = newest ? [newest.subtitle, newest.message].filter(Boolean).join("\n") : body
  return {
    title: shown.title ?? title,
    options: {
      body: text,
      tag: smith?.id ?? options.tag ?? "",
      silent: silent ?? options.silent === true,
      icon: destination(shown.icon) ?? ICON,
      badge: BADGE,
      ...(mediaKind(shown.media) === "image" && supports("image") && { image: shown.media }),
      actions: buttons(smith?.actions),
      data: { smith },
    },
  }
}

// `isNews`: this state was not shown before. Otherwise it takes its own place again, without a sound.
export async function activityNotification(activity, { body, options }, isNews) {
  const alerts = isNews && activity.alerting === true
  const image = supports("image") ? await within(DRAWING_SECONDS, cardImage(activity.state)) : null
  const state = activity.state
  return {
    title: activity.title ?? state.title ?? "Live Activity",
    options: {
      body: image ? body : [bar(state), body].filter(Boolean).join("\n"),
      tag: activity.id,
      silent: isNews ? options.silent === true : true,
      ...(alerts && options.silent !== true && supports("renotify") && { renotify: true }),
      icon: ICON,
      badge: BADGE,
      ...(image && { image }),
      ...(Number.isFinite(activity.timestamp) && { timestamp: activity.timestamp * 1000 }),
      actions: buttons([state.action, state.secondary_action]),
      data: { smith: activity },
    },
  }
}

function bar(state) {
  const progress = progressOf(state)
  if (!progress) return ""
  const full = Math.round(progress.fraction * BAR_PIECES)
  return `${"▓".repeat(full)}${"░".repeat(BAR_PIECES - full)}`
}

const buttons = (actions) => (Array.isArray(actions) ? actions : [])
  .filter((action) => action?.id && action?.title)
  .slice(0, mostButtons())
  .map(({ id, title }) => ({ action: id, title }))
