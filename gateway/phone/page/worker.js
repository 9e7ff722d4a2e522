// The page's side of the worker: that it runs, and that a newer one brings its newer page.

import { NotSubscribed } from "../shared/subscription.js"

const PATIENCE_SECONDS = 20

export async function keepWorker() {
  const { serviceWorker } = navigator
  const isFirst = !serviceWorker.controller
  const registration = await serviceWorker.register("sw.js", { type: "module", updateViaCache: "none" })
  let isOld = false
  serviceWorker.addEventListener("controllerchange", () => { isOld = !isFirst })
  document.addEventListener("visibilitychange", () => {
    // A person who looks at the page is not interrupted.
    if (document.hidden && isOld) location.reload()
    // Without a network there is nothing newer.
    else if (!document.hidden) registration.update().catch(() => undefined)
  })
}

// The registration once its worker runs.
export async function activeWorker() {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new NotSubscribed("The page's worker did not start.")), PATIENCE_SECONDS * 1000)
  })
  try {
    return await Promise.race([navigator.serviceWorker.ready, late])
  } finally {
    clearTimeout(timer)
  }
}
