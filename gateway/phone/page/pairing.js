// Pairing: a code, typed or from a link, becomes this browser's secret.

import { call, Refused, Unreachable } from "../shared/api.js"
import { fact, forgetAll, putFact } from "../shared/database.js"
import { el, say, setText } from "./dom.js"
import { suggestedName } from "./environment.js"

const LENGTH = 8

// The code of a link `/phone/#K7QF-2M9X`. It leaves the address bar at once: it must not get into bookmarks or pictures.
export function codeFromAddress() {
  const text = location.hash.slice(1).replaceAll("%20", " ")
  if (text.includes("=") || text.replace(/[^0-9A-Za-z]/g, "").length !== LENGTH) return ""
  history.replaceState(null, "", location.pathname + location.search)
  return spelled(text)
}

// As people read it: K7QF-2M9X.
export function spelled(text) {
  const symbols = text.toUpperCase().replace(/[^0-9A-Z]/g, "").slice(0, LENGTH)
  return symbols.length > LENGTH / 2 ? `${symbols.slice(0, LENGTH / 2)}-${symbols.slice(LENGTH / 2)}` : symbols
}

// The form. `done()` is called once this browser is paired.
export function pairingView(code, removed, done) {
  const codeField = el("input", {
    id: "code", class: "code-field", value: code, maxlength: 24, autocomplete: "off", autocapitalize: "characters",
    autocorrect: "off", spellcheck: "false", placeholder: "K7QF-2M9X", required: true, "aria-describedby": "code-hint fault",
  })
  const nameField = el("input", { id: "name", value: suggestedName(), maxlength: 100, autocomplete: "off", required: true })
  const fault = el("p", { id: "fault", class: "fault", role: "alert" })
  const button = el("button", { class: "primary", type: "submit" }, "Pair this browser")
  const form = el("form", { class: "panel", novalidate: true, onsubmit: submit },
    removed && el("p", { class: "note" }, `“${removed.name}” was removed from the workspace. Pair again to receive here.`),
    el("p", {}, code
      ? "Pair this browser, and notifications and Live Activities of your workspace arrive here."
      : "Type the pairing code that the web admin shows under “Pair a device”."),
    el("label", { for: "code" }, "Pairing code"), codeField,
    el("p", { id: "code-hint", class: "quiet" }, `For the server ${location.host}. A code works once, for 10 minutes.`),
    el("label", { for: "name" }, "Name of this browser"), nameField,
    fault, button)
  codeField.addEventListener("input", () => {
    const atEnd = codeField.selectionStart === codeField.value.length
    if (atEnd) codeField.value = spelled(codeField.value)
  })

  async function submit(event) {
    event.preventDefault()
    const problem = problemOf(codeField, nameField)
    if (problem) return refuse(...problem)
    button.setAttribute("aria-disabled", "true")
    setText(button, "Pairing…")
    try {
      await pair(codeField.value, nameField.value.trim())
    } catch (error) {
      return refuse(wordsFor(error), error.status === 404 ? codeField : null)
    } finally {
      button.removeAttribute("aria-disabled")
      setText(button, "Pair this browser")
    }
    say("Paired.")
    return done()
  }

  function refuse(words, field) {
    for (const one of [codeField, nameField]) one.toggleAttribute("aria-invalid", one === field)
    setText(fault, "")
    setText(fault, words)
    field?.focus()
  }

  return { title: "Pair this browser", content: form, focus: code ? button : codeField }
}

function problemOf(codeField, nameField) {
  if (spelled(codeField.value).length <= LENGTH) return ["A pairing code has 8 letters and digits.", codeField]
  return nameField.value.trim() ? null : ["Give this browser a name, so that you know it again.", nameField]
}

async function pair(code, name) {
  // Another tab was quicker.
  if (await fact("device")) return
  const paired = await call("POST", "device/pair", { body: { pairing_code: code, name } })
  // Nothing of an earlier workspace is left.
  await forgetAll()
  await putFact("device", { id: paired.device_id, token: paired.device_token, name, paired_at: Date.now() })
  // So that the browser keeps the secret when it is short of room. Firefox asks the person, who need not answer.
  navigator.storage?.persist?.().catch((error) => console.info("the browser may throw the pairing away", error))
}

function wordsFor(error) {
  if (error instanceof Unreachable) return "The server cannot be reached. Check your connection and try again."
  if (!(error instanceof Refused)) return `This browser could not keep the pairing: ${error.message}`
  if (error.status === 404) return "This code is wrong, was used already, or is older than 10 minutes. Ask for a new one."
  if (error.status !== 429) return error.message
  const minutes = Math.max(1, Math.ceil(error.retryAfter / 60))
  return `Too many wrong codes came from your network. Try again in ${minutes} ${minutes === 1 ? "minute" : "minutes"}.`
}
