// Reports that the server has not taken yet. They outlive the page, the worker and a night without network.

import { asDevice, Refused, Unpaired, Unreachable } from "./api.js"
import { put, readAll, remove } from "./database.js"

// Reports that the person removed a Live Activity here.
export async function reportDismissed(activityId) {
  await put("owed", { path: `device/live-activities/${encodeURIComponent(activityId)}/dismissed` })
  await settle()
}

// Makes the calls that are owed. Each is safe to repeat, so an answer that was lost does no harm.
export async function settle() {
  for (const { path } of await readAll("owed")) {
    try {
      await asDevice("POST", path)
    } catch (error) {
      if (error instanceof Unreachable || (error instanceof Refused && error.passes)) return wakeLater()
      if (error instanceof Unpaired) return undefined
      // Any other refusal is final: the activity is over, or was never for this browser.
      if (!(error instanceof Refused)) throw error
    }
    await remove("owed", path)
  }
  return undefined
}

// Where browsers offer it, the worker is woken when there is network again. Elsewhere the next push or visit will do.
async function wakeLater() {
  const registration = globalThis.registration ?? (await navigator.serviceWorker?.getRegistration())
  await registration?.sync?.register("owed").catch(() => undefined)
}
