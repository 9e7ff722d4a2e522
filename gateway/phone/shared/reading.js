// What a Live Activity's card shows of a content state. What is missing or wrong in it is left out, and nothing raises.

import { clockText, isNumber, numberText, unitText } from "./figures.js"

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
  counter: (state) => numeral(state, (current) => `${current}`),
  countdown: left,
  timer: (state) => (isNumber(state.current_step) ? numeral(state, (current, total) => `${current}/${total}`) : clock(state)),
  alert: (state) => ({ kind: "message", text: word(state.message) }),
  value: (state) => ({ kind: "value", text: figureOf(state.value) }),
}

export function reading(state) {
  const color = colorOr(state.color, DEFAULT_COLOR)
  // What the buttons of a type of a later server mean is not known.
  const actions = BODIES[state.type] ? [state.action, state.secondary_action] : []
  return {
    title: word(state.title),
    subtitle: word(state.subtitle),
    color,
    icon: mark(state.icon, "symbol", color),
    badge: mark(state.badge, "title", color),
    body: (BODIES[state.type] ?? byFields)(state, color),
    actions: actions.filter((action) => action?.id && action?.title),
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
  if (isNumber(percentage)) return barOf(`${numberText(percentage)}%`, percentage / 100)
  if (isNumber(value) && isNumber(limit) && limit > 0) return barOf(`${numberText(value)}/${numberText(limit)}`, value / limit)
  return barOf("", 0)
}

// `spoken` is what screen readers say.
const barOf = (figure, fraction, spoken = figure || "not known") => ({ kind: "bar", figure, fraction: portion(fraction), spoken })

function steps(state) {
  const total = Math.max(0, Math.trunc(isNumber(state.number_of_steps) ? state.number_of_steps : 0))
  const current = Math.max(0, Math.trunc(isNumber(state.current_step) ? state.current_step : 0))
  return [total ? Math.min(current, total) : current, total]
}

function segments(state, color) {
  const [current, total] = steps(state)
  if (total < 1) return barOf("", 0)
  const known = [`${current}/${total}`, current / total, `step ${current} of ${total}`]
  if (total > MAX_SEGMENTS) return barOf(...known)
  const done = Array.isArray(state.step_colors) ? state.step_colors : []
  const pieces = Array.from({ length: total }, (_, place) => {
    const step = place + 1
    if (step < current) return { state: "done", color: colorOr(done[place], color) }
    return step === current
      ? { state: "current", color: colorOr(state.step_color, color) }
      : { state: "open", color }
  })
  const [figure, fraction, spoken] = known
  return { kind: "segments", figure, fraction, spoken, pieces }
}

function numeral(state, figure) {
  const [current, total] = steps(state)
  return { kind: "numeral", figure: figure(current, total), fraction: total ? current / total : 0, spoken: `${current} of ${total}` }
}

function left(state) {
  const [current, total] = steps(state)
  const rest = Math.max(0, total - current)
  return { kind: "numeral", figure: `${rest}`, fraction: 1 - (total ? current / total : 0), spoken: `${rest} left of ${total}` }
}

function tiles(state, color, hasGauges) {
  const given = (Array.isArray(state.metrics) ? state.metrics : []).filter((one) => one && typeof one === "object")
  const metrics = given.slice(0, MAX_METRICS).map((one) => ({
    label: word(one.label),
    figure: figureOf(one.value) || "–",
    unit: unitText(word(one.unit)),
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
