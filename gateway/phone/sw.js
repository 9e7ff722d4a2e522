// The worker: it is here when the page is not. Browsers start it for each event and end it soon after.

import { settle } from "./shared/outbox.js"
import { keepSubscribed } from "./shared/subscription.js"
import { clicked } from "./worker/clicked.js"
import { closed } from "./worker/closed.js"
import { answerFromFiles, dropOldFiles, keepFiles } from "./worker/files.js"
import { received } from "./worker/received.js"
import { inTurn } from "./worker/turn.js"

addEventListener("install", (event) => {
  event.waitUntil(keepFiles().then(() => skipWaiting()))
})

addEventListener("activate", (event) => {
  event.waitUntil(dropOldFiles().then(() => clients.claim()))
})

addEventListener("fetch", answerFromFiles)

addEventListener("push", (event) => {
  const text = event.data?.text() ?? ""
  event.waitUntil(inTurn(() => received(text)))
})

addEventListener("notificationclick", (event) => {
  event.waitUntil(clicked(event.notification, event.action))
})

addEventListener("notificationclose", (event) => {
  const { tag, data } = event.notification
  event.waitUntil(inTurn(() => closed(tag, data)))
})

// What the old subscription was may be missing here: the stored secret says which device this is.
addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(keepSubscribed(registration))
})

addEventListener("sync", (event) => {
  event.waitUntil(settle())
})
