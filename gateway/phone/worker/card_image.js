// A Live Activity's card as a picture, for browsers whose notifications can have one. It is drawn here: no server is asked.

import { clockAt, reading } from "../shared/reading.js"

const WIDTH = 720
const HEIGHT = 360
const EDGE = 36
// Pictures have no theme: these shades can be read on the dark ground, whatever the phone's is.
const GROUND = "#1f1f24"
const INK = "#f5f5f8"
const SOFT_INK = "#b4b4c0"
const TRACK = "#44444c"
export const TINTS = {
  lime: "#a3e635", green: "#34d35f", cyan: "#40cbe8", blue: "#4c9bff", purple: "#b584ff",
  magenta: "#ff61c7", red: "#ff6259", orange: "#ff9f38", yellow: "#ffd426", gray: "#a1a1aa",
}
const font = (size, weight = 600) => `${weight} ${size}px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif`

// A data URL, or null where the browser cannot draw in a worker.
export async function cardImage(state) {
  if (typeof OffscreenCanvas === "undefined") return null
  try {
    const canvas = new OffscreenCanvas(WIDTH, HEIGHT)
    draw(canvas.getContext("2d"), reading(state))
    const blob = await canvas.convertToBlob({ type: "image/png" })
    const bytes = new Uint8Array(await blob.arrayBuffer())
    return `data:image/png;base64,${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`
  } catch (error) {
    // The text says the same.
    console.error("the card could not be drawn", error)
    return null
  }
}

function draw(pen, card) {
  pen.fillStyle = GROUND
  pen.fillRect(0, 0, WIDTH, HEIGHT)
  const { body } = card
  const figure = ["bar", "segments"].includes(body.kind) ? body.figure : ""
  const figureWidth = figure ? write(pen, figure, WIDTH - EDGE, 88, { size: 56, align: "right" }) + 24 : 0
  const room = WIDTH - 2 * EDGE - figureWidth
  write(pen, card.title, EDGE, 84, { size: 44, room })
  const second = [card.badge?.text, card.subtitle].filter(Boolean).join(" · ")
  write(pen, second, EDGE, 138, { size: 32, weight: 400, color: SOFT_INK, room: WIDTH - 2 * EDGE })
  BODIES[body.kind](pen, body, TINTS[card.color])
}

const BODIES = {
  bar: (pen, body, tint) => gauge(pen, EDGE, 250, WIDTH - 2 * EDGE, body.fraction, tint),
  segments(pen, body) {
    const step = (WIDTH - 2 * EDGE) / body.pieces.length
    body.pieces.forEach((piece, place) => {
      const color = piece.state === "open" ? TRACK : TINTS[piece.color]
      pill(pen, EDGE + place * step, 250, Math.max(4, step - 8), 22, color)
    })
  },
  numeral(pen, body, tint) {
    const width = write(pen, body.figure, EDGE, 290, { size: 96 }) + 32
    gauge(pen, EDGE + width, 250, WIDTH - 2 * EDGE - width, body.fraction, tint)
  },
  tiles(pen, body) {
    const metrics = body.metrics.slice(0, 4)
    const step = (WIDTH - 2 * EDGE) / metrics.length
    metrics.forEach((metric, place) => {
      const left = EDGE + place * step
      const room = step - 20
      const color = metric.isColored ? TINTS[metric.color] : INK
      write(pen, metric.label, left, 206, { size: 28, weight: 500, color: SOFT_INK, room })
      write(pen, `${metric.figure}${metric.unit}`, left, 262, { size: 46, color, room })
      if (metric.fraction !== null) gauge(pen, left, 288, room, metric.fraction, TINTS[metric.color], 12)
    })
  },
  // It is a picture: when the timer ends is what stays true.
  clock(pen, body, tint) {
    const shown = clockAt(body, Date.now() / 1000)
    const isRunning = body.countsDown && body.pausedAt === null
    const text = isRunning ? `until ${new Date(body.endsAt * 1000).toLocaleTimeString([], { timeStyle: "short" })}` : shown.text
    write(pen, text, EDGE, 262, { size: 72, room: WIDTH - 2 * EDGE })
    if (shown.fraction !== null) gauge(pen, EDGE, 300, WIDTH - 2 * EDGE, shown.fraction, tint)
  },
  message(pen, body) {
    lines(pen, body.text, font(36, 400), WIDTH - 2 * EDGE, 3).forEach((line, place) => {
      write(pen, line, EDGE, 210 + place * 50, { size: 36, weight: 400, room: WIDTH - 2 * EDGE })
    })
  },
  value: (pen, body, tint) => write(pen, body.text, EDGE, 280, { size: 104, color: tint, room: WIDTH - 2 * EDGE }),
}

function write(pen, text, left, base, { size, weight = 600, color = INK, align = "left", room = Infinity }) {
  pen.font = font(size, weight)
  pen.textAlign = align
  pen.fillStyle = color
  const fitting = shortened(pen, text, room)
  pen.fillText(fitting, left, base)
  return pen.measureText(fitting).width
}

function shortened(pen, text, room) {
  if (pen.measureText(text).width <= room) return text
  const letters = [...text]
  while (letters.length && pen.measureText(`${letters.join("")}…`).width > room) letters.pop()
  return `${letters.join("").trimEnd()}…`
}

function lines(pen, text, style, room, most) {
  pen.font = style
  const made = [""]
  for (const part of text.split(/\s+/)) {
    const longer = `${made.at(-1)} ${part}`.trim()
    if (pen.measureText(longer).width <= room || !made.at(-1)) made[made.length - 1] = longer
    else made.push(part)
  }
  return made.length <= most ? made : [...made.slice(0, most - 1), made.slice(most - 1).join(" ")]
}

function gauge(pen, left, top, width, fraction, tint, height = 22) {
  pill(pen, left, top, width, height, TRACK)
  if (fraction > 0) pill(pen, left, top, Math.max(height, width * fraction), height, tint)
}

function pill(pen, left, top, width, height, color) {
  pen.fillStyle = color
  pen.beginPath()
  pen.roundRect(left, top, width, height, height / 2)
  pen.fill()
}
