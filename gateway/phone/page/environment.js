// What this browser can do: asked of its features, never of its name.

// What stands in the way of being a phone; empty if nothing does.
export function obstacle() {
  if (!window.isSecureContext) return "insecure"
  // Only iPhones and iPads have `standalone`, and give a tab no notifications: those are for apps on the home screen.
  if (!("Notification" in window) && navigator.standalone === false) return "home-screen"
  const needed = ["Notification", "PushManager", "indexedDB", "BroadcastChannel"]
  return "serviceWorker" in navigator && needed.every((name) => name in window) ? "" : "unsupported"
}

export const isInstalled = () => navigator.standalone === true || matchMedia("(display-mode: standalone)").matches

// A name to begin with, which the person may change. It decides nothing.
export function suggestedName() {
  const { brands = [], platform } = navigator.userAgentData ?? {}
  const known = ["Microsoft Edge", "Opera", "Brave", "Samsung Internet", "Google Chrome", "Chromium"]
  const brand = known.find((name) => brands.some((one) => one.brand === name))
  const browser = brand?.replace(/^(Microsoft|Google) /, "") ?? /\b(Firefox|Safari)\b/.exec(navigator.userAgent)?.[0] ?? "Browser"
  const system = platform || /\b(iPhone|iPad|Android|Windows|Macintosh|Linux)\b/.exec(navigator.userAgent)?.[0] || ""
  if (isInstalled() && /^iP/.test(system)) return system
  return system ? `${browser} on ${system.replace("Macintosh", "Mac")}` : browser
}
