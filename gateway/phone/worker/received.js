// A push has come. Whatever it holds, something is shown: browsers take the subscription away from sites that stay silent.

import { addNotifications, alter, fact, putFact, read } from "../shared/database.js"
import { tell } from "../shared/news.js"
import { settle } from "../shared/outbox.js"
import { word } from "../shared/reading.js"
import { closeUnasked, tidy } from "../shared/tidying.js"
import { activityNotification, messageOf, plainNotification, UNREADABLE } from "./forms.js"
import { within } from "./turn.js"

const READING_SECONDS = 2
const BADGE_SECONDS = 2
const REPORT_SECONDS = 5

export async function received(text) {
  const message = messageOf(text)
  const what = message?.smith
  try {
    if (!message) await show(UNREADABLE)
    else if (what?.kind === "activity") await showActivity(message)
    else await showPlain(message)
  } finally {
    await aftermath(message)
  }
}

async function showPlain(message) {
  const { smith } = message
  const before = smith && (await kept("notifications", smith.id))
  const isNew = !before || before.version < smith.version
  // One that comes twice, or late, must show something, and makes no sound.
  await show(plainNotification(message, isNew ? {} : { silent: true, newest: before }))
  if (!smith) return
  await addNotifications([rowOf(message)], (row, held) => row.version > held.version)
  tell("notifications")
}

async function showActivity(message) {
  const { smith, title, body } = message
  const before = await kept("activities", smith.id)
  const isNewer = !before?.version || (smith.version > before.version && smith.timestamp >= before.timestamp)
  const shown = isNewer ? { ...before, ...smith, title, body } : before
  // What the person has removed stays away. The server is being told, or has been.
  if (!before?.dismissed) {
    await show(await activityNotification(shown, message, isNewer))
    // After it, so that there is no moment with nothing shown.
    await closeReplaced(smith.replaces)
  }
  if (!isNewer) return
  await alter("activities", smith.id, (held) => ({ ...held, ...smith, title, body, seen_at: Date.now() }))
  tell("activities")
}

async function show({ title, options }) {
  try {
    await registration.showNotification(title, options)
  } catch (error) {
    console.error("the notification was refused, and is shown without pictures and buttons", error)
    const { body, tag, data } = options
    await registration.showNotification(title, { body, tag, data })
  }
}

// A database that cannot be read is no reason to show nothing.
async function kept(store, id) {
  try {
    return await within(READING_SECONDS, read(store, id))
  } catch (error) {
    console.error("what is stored cannot be read", error)
    return undefined
  }
}

const closeReplaced = async (id) => (typeof id === "string" && id ? closeUnasked(registration, id) : undefined)

// What follows once something is shown.
async function aftermath(message) {
  if (!(await fact("device"))) return
  await putFact("last_push", Date.now())
  if (Number.isInteger(message?.badge)) {
    await putFact("badge", message.badge)
    await within(BADGE_SECONDS, setBadge(message.badge))
  }
  tell("push")
  await tidy(registration)
  await within(REPORT_SECONDS, settle())
}

async function setBadge(number) {
  try {
    await navigator.setAppBadge?.(number)
  } catch (error) {
    // Allowed to installed pages only, in some browsers.
    console.info("the number on the icon was refused", error)
  }
}

function rowOf({ title, body, smith }) {
  const subtitle = word(smith.subtitle)
  const message = subtitle && body.startsWith(subtitle) ? body.slice(subtitle.length).replace(/^\n/, "") : body
  return { ...smith, title, message, created_at: new Date().toISOString() }
}
