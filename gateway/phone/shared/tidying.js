// Notifications that leave the screen by themselves.

import { alter, readAll } from "./database.js"

const SEEN_SECONDS = 60

// Closes the notification of an activity, so that the close is not taken for a person's.
export async function closeUnasked(registration, id) {
  await alter("activities", id, (held) => ({ ...held, id, closed_by_worker: true }))
  for (const one of await registration.getNotifications({ tag: id })) one.close()
}

// Closes what has ended and whose time on the screen is over. Never at once: people want to see how it ended, and a push
// after which nothing is shown counts as none.
export async function tidy(registration) {
  const now = Date.now()
  for (const row of await readAll("activities")) {
    const isOver = row.event === "end" && row.dismiss_at && row.dismiss_at * 1000 < now
    if (isOver && !row.closed_by_worker && row.seen_at + SEEN_SECONDS * 1000 < now) await closeUnasked(registration, row.id)
  }
}
