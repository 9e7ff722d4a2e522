// What a card shows below its title. Each kind makes its elements once and shows any body of the same shape in them.

import { clockAt } from "../shared/reading.js"
import { el, setAttributes, setText } from "./dom.js"
import { tick } from "./ticking.js"

const LONG_FIGURE = 5

export const bodyOf = (body) => KINDS[body.kind](body)

const KINDS = {
  bar() {
    const bar = gauge("Progress")
    return { elements: [bar.element], update: (body) => bar.show(body.fraction, body.spoken) }
  },

  segments(body) {
    const pieces = body.pieces.map(() => el("div"))
    const bar = el("div", { class: "lock-segments", role: "progressbar", "aria-label": "Progress", "aria-valuemin": 0 }, ...pieces)
    const update = (shown) => {
      const done = shown.pieces.filter((piece) => piece.state !== "open").length
      setAttributes(bar, { "aria-valuemax": pieces.length, "aria-valuenow": done, "aria-valuetext": shown.spoken })
      shown.pieces.forEach((piece, place) => {
        pieces[place].className = `lock-segment is-${piece.state}`
        pieces[place].style.setProperty("--lock-tint", `var(--lock-${piece.color})`)
      })
    }
    return { elements: [bar], update }
  },

  numeral() {
    const figure = el("div", { class: "lock-numeral", "aria-hidden": "true" })
    const bar = gauge("Progress")
    const update = (body) => {
      setText(figure, body.figure)
      bar.show(body.fraction, body.spoken)
    }
    return { elements: [el("div", { class: "lock-numeral-row" }, figure, bar.element)], update }
  },

  tiles(body) {
    const tiles = body.metrics.map(() => tile())
    const more = el("div", { class: "lock-text lock-more" })
    const update = (shown) => {
      shown.metrics.forEach((metric, place) => tiles[place].show(metric))
      setText(more, shown.hidden ? `and ${shown.hidden} more` : "")
      more.hidden = !shown.hidden
    }
    return { elements: [el("dl", { class: "lock-metrics" }, ...tiles.map((one) => one.element)), more], update }
  },

  clock(body) {
    const time = el("div", { class: "lock-numeral lock-timer", role: "timer" })
    const bar = body.endsAt === null ? null : gauge("Time")
    let shown = body
    const show = () => {
      const { text, fraction } = clockAt(shown, Date.now() / 1000)
      setText(time, text)
      bar?.show(fraction ?? 0, text)
    }
    const update = (next) => {
      shown = next
      tick(time, show)
    }
    return { elements: bar ? [time, bar.element] : [time], update }
  },

  message: () => textual("lock-text lock-message"),
  value: () => textual("lock-numeral lock-value"),
}

function textual(className) {
  const shown = el("div", { class: className })
  return { elements: [shown], update: (body) => setText(shown, body.text) }
}

function gauge(label, className = "") {
  const attributes = { role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100 }
  const element = el("div", { class: `lock-gauge ${className}`, ...attributes }, el("div", { class: "lock-gauge-full" }))
  const show = (fraction, spoken) => {
    setAttributes(element, { "aria-valuenow": Math.round(fraction * 100), "aria-valuetext": spoken })
    element.style.setProperty("--lock-full", fraction.toFixed(4))
  }
  return { element, show }
}

function tile() {
  const label = el("dt", { class: "lock-metric-label" })
  const figure = el("span", { class: "lock-metric-figure" })
  const unit = el("span", { class: "lock-metric-unit" })
  const bar = gauge("", "is-thin")
  const value = el("dd", {}, figure, unit, bar.element)
  const element = el("div", {}, label, value)
  const show = (metric) => {
    setText(label, metric.label)
    setText(figure, metric.figure)
    setText(unit, metric.unit)
    value.className = `lock-metric-value ${(metric.figure + metric.unit.trim()).length > LONG_FIGURE ? "is-long" : ""}`
    element.className = `lock-metric ${metric.isColored ? "is-colored" : ""}`
    element.style.setProperty("--lock-tint", `var(--lock-${metric.color})`)
    bar.element.hidden = metric.fraction === null
    setAttributes(bar.element, { "aria-label": metric.label })
    bar.show(metric.fraction ?? 0, `${metric.figure}${metric.unit}`)
  }
  return { element, show }
}
