// Running a webhook action: the server calls its URL, and says what became of it.

import { asDevice, Refused, Unpaired, Unreachable } from "./api.js"

const WAITS_SECONDS = [1, 2, 3, 5, 8]

// Answers `{state, message}` once the run is over: `succeeded`, `failed`, or `running` if it takes very long.
export async function runAction(actionId, onRunning = () => undefined) {
  try {
    let { action_run: run } = await asDevice("POST", `device/actions/${encodeURIComponent(actionId)}/run`)
    for (const seconds of WAITS_SECONDS) {
      if (run.state !== "running") break
      onRunning()
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
      run = await again(run)
    }
    return { state: run.state, message: run.message || (run.state === "running" ? "It is still running." : "") }
  } catch (error) {
    return { state: "failed", message: wordsFor(error) }
  }
}

// A question that is not answered is asked again; the run goes on meanwhile.
async function again(run) {
  try {
    return (await asDevice("GET", `device/action-runs/${encodeURIComponent(run.id)}`)).action_run
  } catch (error) {
    if (error instanceof Unreachable) return run
    throw error
  }
}

function wordsFor(error) {
  if (error instanceof Unreachable) return "The server cannot be reached. Try again when you are online."
  if (error instanceof Unpaired) return "This browser is no longer paired."
  if (error instanceof Refused) return error.status === 404 ? "This button is no longer available." : error.message
  throw error
}
