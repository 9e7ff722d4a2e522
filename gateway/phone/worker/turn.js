// What shows and closes notifications happens one after the other: an older version that is drawn slowly must not end up
// above a newer one.

let last = Promise.resolve()

export function inTurn(work) {
  const result = last.then(work)
  last = result.catch(() => undefined)
  return result
}

// The result of `work`, or undefined if it takes longer: browsers end a worker that keeps them waiting.
export function within(seconds, work) {
  let timer
  const late = new Promise((resolve) => { timer = setTimeout(resolve, seconds * 1000) })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
