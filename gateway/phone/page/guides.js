// What a person is told where this browser cannot be a phone as things stand.

import { el, symbol } from "./dom.js"

export function guideFor(obstacle, code) {
  return { insecure, "home-screen": homeScreen, unsupported }[obstacle](code)
}

function insecure() {
  return guide("A phone needs a secure address",
    el("p", {}, "Browsers take notifications only from addresses that begin with ", el("b", {}, "https"),
      " and have a name. This one is ", el("b", { class: "address" }, location.origin), "."),
    el("p", {}, "The person who runs this server can give it one in minutes:"),
    el("ul", {},
      el("li", {}, "a tunnel, such as Cloudflare Tunnel or ngrok;"),
      el("li", {}, "Tailscale Serve, for your own devices;"),
      el("li", {}, "a reverse proxy with a certificate, such as Caddy.")),
    el("p", {}, "Then open the new address here. On the computer that runs the server, http://localhost works too."))
}

function homeScreen(code) {
  return guide("Add this page to your Home Screen",
    el("p", {}, "On iPhone and iPad, notifications are for apps on the Home Screen. It takes three taps:"),
    el("ol", { class: "steps" },
      el("li", {}, el("span", {}, "Tap ", el("b", {}, "Share"), " ", symbol("share"), " in the browser's bar.")),
      el("li", {}, el("span", {}, "Choose ", el("b", {}, "Add to Home Screen"), ", then ", el("b", {}, "Add"), ".")),
      el("li", {}, el("span", {}, "Open the new app, and type the pairing code there."))),
    code && el("p", {}, "Your pairing code: ", el("b", { class: "code" }, code)),
    el("p", { class: "quiet" }, "The app has a storage of its own: what you do in this tab does not carry over. "
      + "It needs iOS 16.4 or newer."))
}

function unsupported() {
  return guide("This browser cannot receive notifications",
    el("p", {}, "It may be a private window, an app's built-in browser, or an older version."),
    el("p", {}, "Open this page in a normal window of a current Chrome, Edge, Firefox, Samsung Internet or Safari."))
}

const guide = (title, ...parts) => ({ title, content: el("section", { class: "panel guide" }, ...parts) })
