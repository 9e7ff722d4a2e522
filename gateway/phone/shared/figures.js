// Numbers and times as people read them.

export const isNumber = (value) => typeof value === "number" && Number.isFinite(value)

// At most 2 decimals, and no exponent unless the number is huge.
export function numberText(figure) {
  if (Math.abs(figure) >= 1e15) return figure.toExponential(2).replace(/\.?0+e/, "e")
  const written = figure.toFixed(2).replace(/\.?0+$/, "")
  return written === "-0" ? "0" : written
}

// A unit as it stands behind its number: without a space in `42%` and `21°C`, and with one that does not break in `12 jobs`.
export function unitText(unit) {
  const trimmed = unit.trim()
  return !trimmed || "%‰°′″×".includes(trimmed[0]) ? trimmed : `\u00a0${trimmed}`
}

// As `4:10`, or `1:04:10`.
export function clockText(seconds) {
  const two = (figure) => String(figure).padStart(2, "0")
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60]
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}

// As `now`, `5 min ago`, `yesterday`.
export function ago(milliseconds, now = Date.now()) {
  const seconds = Math.max(0, (now - milliseconds) / 1000)
  if (seconds < 60) return "now"
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`
  if (seconds < 172_800) return "yesterday"
  if (seconds < 604_800) return `${Math.floor(seconds / 86_400)} days ago`
  const options = { day: "numeric", month: "short", ...(seconds > 25e6 && { year: "numeric" }) }
  return new Date(milliseconds).toLocaleDateString(undefined, options)
}

const ENDINGS = {
  image: ["jpg", "jpeg", "png", "gif", "webp", "heic", "avif"],
  video: ["mp4", "mov", "m4v", "webm"],
  audio: ["mp3", "m4a", "wav", "aac", "aiff", "ogg"],
}

// The kind of media by the URL's ending: only its server knows for sure. Empty unless it is an https URL.
export function mediaKind(url) {
  const parsed = safely(url)
  if (parsed?.protocol !== "https:") return ""
  const ending = parsed.pathname.split(".").pop().toLowerCase()
  return Object.keys(ENDINGS).find((kind) => ENDINGS[kind].includes(ending)) ?? "unknown"
}

export const hostOf = (url) => safely(url)?.host ?? ""

// URLs that run here instead of leading elsewhere.
const FORBIDDEN = new Set(["javascript:", "data:", "blob:", "filesystem:", "file:", "vbscript:", "about:", "view-source:"])

// The URL if a person may be led there; otherwise null.
export function destination(url) {
  const parsed = safely(url)
  return parsed && !FORBIDDEN.has(parsed.protocol) ? parsed.href : null
}

function safely(url) {
  try {
    return new URL(url)
  } catch {
    return null
  }
}
