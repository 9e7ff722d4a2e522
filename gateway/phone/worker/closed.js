// A notification has left the screen. For a Live Activity it matters who has removed it: a person who does so wants no
// more of it, while Firefox says the same of one whose place a newer state has taken.

import { alter, read } from "../shared/database.js"
import { tell } from "../shared/news.js"
import { reportDismissed } from "../shared/outbox.js"

export async function closed(tag, data) {
  const smith = data?.smith
  if (smith?.kind !== "activity") return
  if ((await registration.getNotifications({ tag })).length) return
  const held = await read("activities", smith.id)
  if (held?.closed_by_worker || held?.dismissed) return
  await alter("activities", smith.id, (row) => ({ ...smith, ...row, dismissed: true, seen_at: Date.now() }))
  tell("activities")
  if ((held ?? smith).event !== "end") await reportDismissed(smith.id)
}
