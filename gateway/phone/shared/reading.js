// What a Live Activity's card shows of a content state. What is missing or wrong in it is left out, and nothing raises.

import { clockText, isNumber, numberText } from "./figures.js"

export const COLORS = ["lime", "green", "cyan", "blue", "purple", "magenta", "red", "orange", "yellow", "gray"]
const DEFAULT_COLOR = "blue"
// More steps than these are drawn as one bar: segments would be too thin to tell apart.
const MAX_SEGMENTS = 24
const MAX_METRICS = 8

// What is drawn below the title, by the type's name. A type that is not here is drawn by the fields that it has.
const BODIES = {
  segmented_progress: segments,
  progress: bar,
  metrics: (state, color) => tiles(state, color, true),
  stats: (state, color) => tiles(state, color, false),
  counter: (state) => numeral(state, (current) => [`${current}`, 1]),
  countdown: (state) => numeral(state, (current, total) => [`${Math.max(0, total - current)}`, -1]),
  timer: (state) => (isNumber(state.current_step)
    ? numeral(state, (current, total) => [`${current}/${total}`, 1])
    : clock(state)),
  alert: (state) => ({ kind: "message", text: word(state.message) }),
  value: (state) => ({ kind: "value", text: figureOf(state.value) }),
}

export function reading(state) {
  const color = colorOr(state.color, DEFAULT_COLOR)
  return {
    title: word(state.title),
    subtitle: word(state.subtitle),
    color,
    icon: mark(state.icon, "symbol", color),
    badge: mark(state.badge, "title", color),
    body: (BODIES[state.type] ?? byFields)(state, color),
    actions: [state.action, state.secondary_action].filter((action) => action?.id && action?.title),
  }
}

// How far it is, from 0 to 1, and that in words; null if it goes nowhere.
export function progressOf(state) {
  const { body } = reading(state)
  return isNumber(body.fraction) ? { fraction: body.fraction, words: body.figure } : null
}

export const word = (value) => (typeof value === "string" ? value : "")
const colorOr = (value, otherwise) => (COLORS.includes(value) ? value : otherwise)
const portion = (fraction) => Math.min(1, Math.max(0, fraction))
const figureOf = (value) => (isNumber(value) ? numberText(value) : word(value))

function mark(given, key, color) {
  const text = word(given?.[key])
  return text ? { text, color: colorOr(given.color, color) } : null
}

function byFields(state, color) {
  if (Array.isArray(state.metrics)) return tiles(state, color, true)
  if (state.timer) return clock(state)
  if (isNumber(state.number_of_steps)) return segments(state, color)
  if (isNumber(state.percentage) || isNumber(state.upper_limit)) return bar(state)
  if (word(state.message)) return BODIES.alert(state)
  return BODIES.value(state)
}

function bar(state) {
  const { percentage, value, upper_limit: limit } = state
  if (isNumber(percentage)) return { kind: "bar", figure: `${numberText(percentage)}%`, fraction: portion(percentage / 100) }
  if (isNumber(value) && isNumber(limit) && limit > 0) {
    return { kind: "bar", figure: `${numberText(value)}/${numberText(limit)}`, fraction: portion(value / limit) }
  }
  return { kind: "bar", figure: "", fraction: 0 }
}

function steps(state) {
  const total = Math.max(0, Math.trunc(isNumber(state.number_of_steps) ? state.number_of_steps : 0))
  const current = Math.max(0, Math.trunc(isNumber(state.current_step) ? state.current_step : 0))
  return [total ? Math.min(current, total) : current, total]
}

function segments(state, color) {
  const [current, total] = steps(state)
  const known = { figure: total ? `${current}/${total}` : "", fraction: total ? current / total : 0 }
  if (total < 1 || total > MAX_SEGMENTS) return { kind: "bar", ...known }
  const done = Array.isArray(state.step_colors) ? state.step_colors : []
  const pieces = Array.from({ length: total }, (_, place) => {
    const step = place + 1
    if (step < current) return { state: "done", color: colorOr(done[place], color) }
    return step === current
      ? { state: "current", color: colorOr(state.step_color, color) }
      : { state: "open", color }
  })
  return { kind: "segments", ...known, pieces, spoken: `step ${current} of ${total}` }
}

function numeral(state, figure) {
  const [current, total] = steps(state)
  const [text, direction] = figure(current, total)
  const part = total ? current / total : 0
  return { kind: "numeral", figure: text, fraction: direction > 0 ? part : 1 - part }
}

function tiles(state, color, hasGauges) {
  const given = (Array.isArray(state.metrics) ? state.metrics : []).filter((one) => one && typeof one === "object")
  const metrics = given.slice(0, MAX_METRICS).map((one) => ({
    label: word(one.label),
    figure: figureOf(one.value) || "–",
    unit: word(one.unit),
    color: colorOr(one.color, color),
    isColored: COLORS.includes(one.color) && !(hasGauges && isNumber(one.value) && one.value <= 100),
    fraction: hasGauges && isNumber(one.value) && one.value <= 100 ? portion(one.value / 100) : null,
  }))
  return { kind: "tiles", metrics, hidden: given.length - metrics.length }
}

function clock(state) {
  const { starts_at: startsAt, ends_at: endsAt, paused_at: pausedAt, counts_down: down } = Object(state.timer)
  return {
    kind: "clock",
    startsAt: isNumber(startsAt) ? startsAt : null,
    endsAt: isNumber(endsAt) ? endsAt : null,
    pausedAt: isNumber(pausedAt) ? pausedAt : null,
    countsDown: down === true && isNumber(endsAt),
  }
}

// What a clock shows at `now`, in UNIX seconds: its text, and how full its bar is (null without an end).
export function clockAt(body, now) {
  if (body.startsAt === null) return { text: "–:––", fraction: null }
  let moment = body.pausedAt ?? now
  if (body.endsAt !== null) moment = Math.min(moment, body.endsAt)
  const seconds = Math.max(0, body.countsDown ? body.endsAt - Math.max(moment, body.startsAt) : moment - body.startsAt)
  const length = body.endsAt === null ? 0 : body.endsAt - body.startsAt
  return { text: clockText(seconds), fraction: length > 0 ? portion(seconds / length) : null }
}
