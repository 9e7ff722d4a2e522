// What the server says should be here now, asked for again and again: each question waits until something differs.

import { asDevice, Unpaired } from "../shared/api.js"
import { putFact, removeFact, replaceAll } from "../shared/database.js"
import { tell } from "../shared/news.js"
import { settle } from "../shared/outbox.js"
import { tidy } from "../shared/tidying.js"
import { activeWorker } from "./worker.js"

const WAIT_SECONDS = 25
const SLACK_SECONDS = 15
const LONGEST_PAUSE_SECONDS = 30
const PROMPT_SECONDS = 5
// As long as a Live Activity is on a screen at most: what was removed stays removed.
const REMEMBERED_MILLISECONDS = 12 * 3600 * 1000

const seconds = (text) => (text ? Date.parse(text) / 1000 : undefined)

// Begins to ask. `heard(state)` is called with each answer, `failed(error)` when there was none. Answers with `pause()` and
// `resume()`: nothing is asked in between.
export function follow(heard, failed) {
  let asking = null
  let version
  let failures = 0
  let paused = false
  let wake = () => undefined

  async function run() {
    for (;;) {
      while (document.hidden || paused) await new Promise((resolve) => { wake = resolve })
      asking = new AbortController()
      const isStopped = () => asking.signal.aborted
      try {
        const query = version && !failures ? { after: version, wait_seconds: WAIT_SECONDS } : {}
        const asked = Date.now()
        const answer = await asDevice("GET", "device/state", {
          query, signal: asking.signal, patience: WAIT_SECONDS + SLACK_SECONDS,
        })
        await keep(answer)
        failures = 0
        const isNews = answer.version !== version
        version = answer.version
        if (isNews || !version) heard(answer)
        await settle()
        // The server answers at once when more pages wait than it has room for.
        if (!isNews && Date.now() - asked < PROMPT_SECONDS * 1000) await rest(LONGEST_PAUSE_SECONDS / 2)
      } catch (error) {
        if (error instanceof Unpaired) return
        if (isStopped()) continue
        failures += 1
        failed(error)
        await rest(Math.min(LONGEST_PAUSE_SECONDS, 2 ** (failures - 1)) * (0.75 + Math.random() / 2))
      }
    }
  }

  function rest(length) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, length * 1000)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? asking?.abort() : wake()))
  addEventListener("online", () => wake())
  run().catch(failed)
  return {
    pause() {
      paused = true
      asking?.abort()
    },
    resume() {
      paused = false
      wake()
    },
  }
}

async function keep({ live_activities: activities = [], badge }) {
  const now = Date.now()
  await replaceAll("activities", activities.map(rowOf),
    (before, row) => {
      // A push may have brought a newer state while this answer was on its way.
      const state = before?.timestamp > row.timestamp ? before : { ...before, ...row }
      return { ...state, seen_at: before?.seen_at ?? now }
    },
    (row) => (row.dismissed || row.closed_by_worker) && now - row.seen_at < REMEMBERED_MILLISECONDS)
  if (badge === undefined) await removeFact("badge")
  else await putFact("badge", badge)
  await tidy(await activeWorker())
  tell("activities")
}

const rowOf = (one) => ({
  id: one.activity_id,
  state: one.content_state,
  event: one.phase === "ended" ? "end" : "update",
  timestamp: Number(one.timestamp),
  started_at: seconds(one.started_at),
  stale_at: seconds(one.stale_at),
  dismiss_at: seconds(one.dismiss_at),
})
