// Elements. Text goes in as text only: nothing that was sent is ever read as markup.

export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value)
    else if (value === true) element.setAttribute(name, "")
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value)
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""))
  return element
}

const DRAWINGS = {
  bolt: "M13 2 4.5 13.5H11L10 22l8.5-11.5H12z",
  open: "M14 4h6v6h-2V7.4l-7.3 7.3-1.4-1.4L16.6 6H14zM5 6h6v2H7v9h9v-4h2v6H5z",
  close: "m6.4 5 5.6 5.6L17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z",
  inbox: "M5 4h14l3 9v7H2v-7zm1.5 2L4.3 13H9l1 2h4l1-2h4.7L17.5 6z",
  browser: "M7 2h10a2 2 0 0 1 2 2v16a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V4c0-1.1.9-2 2-2zm0 2v13h10V4zm4 14.5v1h2v-1z",
  check: "m9.5 16.2-4-4L4 13.7l5.5 5.5L20.5 8 19 6.6z",
  alert: "M12 2 1 21h22zm-1 7h2v6h-2zm0 7.5h2v2h-2z",
  bell: "M12 2a6 6 0 0 0-6 6v5l-2 3v1h16v-1l-2-3V8a6 6 0 0 0-6-6zm-2.5 17a2.5 2.5 0 0 0 5 0z",
  share: "M12 2 7 7l1.4 1.4L11 5.8V15h2V5.8l2.6 2.6L17 7zM5 10h3v2H7v8h10v-8h-1v-2h3v12H5z",
  sound: "M4 9v6h4l5 5V4L8 9zm12.5 3a4.5 4.5 0 0 0-2.5-4v8a4.5 4.5 0 0 0 2.5-4z",
}

// A symbol beside words that say the same.
export function symbol(name) {
  const space = "http://www.w3.org/2000/svg"
  const drawing = document.createElementNS(space, "svg")
  drawing.setAttribute("viewBox", "0 0 24 24")
  drawing.setAttribute("class", "symbol")
  drawing.setAttribute("aria-hidden", "true")
  const path = document.createElementNS(space, "path")
  path.setAttribute("d", DRAWINGS[name])
  drawing.append(path)
  return drawing
}

export const hidden = (text) => el("span", { class: "visually-hidden" }, text)

// Says it to people who do not see the page.
export function say(text) {
  document.getElementById("said").textContent = text
}

// Sets text, and leaves what has it already alone: a screen reader would read it again.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

export function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) element.removeAttribute(name)
    else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value)
  }
}

// Makes the children of `parent` those that `make(row)` has made, by the rows' ids; those that stay keep their place,
// their focus and what they play.
export function reconcile(parent, rows, known, make) {
  const wanted = rows.map((row) => {
    const view = known.get(row.id) ?? make(row)
    known.set(row.id, view)
    view.update(row)
    return view.element
  })
  const ids = new Set(rows.map((row) => row.id))
  for (const [id, view] of known) {
    if (ids.has(id)) continue
    view.element.remove()
    known.delete(id)
  }
  wanted.forEach((element, place) => {
    if (parent.children[place] !== element) parent.insertBefore(element, parent.children[place] ?? null)
  })
}
