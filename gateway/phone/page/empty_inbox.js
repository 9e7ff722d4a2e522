// The inbox before anything has come in.

import { el, symbol } from "./dom.js"
import { testButton } from "./test_push.js"

export function emptyInbox() {
  const api = new URL("../api/push-notification", location.href.split("#")[0])
  const command = `curl ${api} \\\n  -H "Authorization: Bearer YOUR_API_KEY" \\\n  -H "Content-Type: application/json" \\\n`
    + `  -d '{"title": "Hello from my server"}'`
  return el("section", { class: "empty", hidden: true },
    el("div", { class: "big-mark" }, symbol("inbox")),
    el("h2", {}, "Nothing here yet"),
    el("p", {}, "What your workspace sends shows up here: notifications, and Live Activities while they run."),
    testButton("secondary"),
    el("details", {}, el("summary", {}, "For developers"),
      el("p", {}, "Send a notification with an API key of your workspace:"),
      el("pre", { tabindex: "0" }, command)))
}
