// What this browser keeps. The page and the worker share it: either may be alive without the other.

const NAME = "activitysmith-phone"
const KEYED = { notifications: "id", activities: "id", owed: "path" }
const KEPT_NOTIFICATIONS = 200

let opening = null

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1)
    request.onupgradeneeded = () => {
      request.result.createObjectStore("facts")
      for (const [store, keyPath] of Object.entries(KEYED)) request.result.createObjectStore(store, { keyPath })
    }
    request.onsuccess = () => {
      const database = request.result
      // A newer page in another tab may change the stores; and browsers close databases when they are short of room.
      database.onversionchange = () => database.close()
      database.onclose = () => { opening = null }
      resolve(database)
    }
    request.onerror = () => reject(request.error)
  }).catch((error) => {
    opening = null
    throw error
  })
  return opening
}

const answer = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result)
  request.onerror = () => reject(request.error)
})

// Runs `work` with one store in one transaction, and answers with its result once that is written for good.
async function within(name, mode, work) {
  const transaction = (await open()).transaction(name, mode)
  const written = new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error ?? new Error("the browser refused to store it"))
  })
  const [result] = await Promise.all([work(transaction.objectStore(name)), written])
  return result
}

export const read = (store, key) => within(store, "readonly", (rows) => answer(rows.get(key)))
export const readAll = (store) => within(store, "readonly", (rows) => answer(rows.getAll()))
export const remove = (store, key) => within(store, "readwrite", (rows) => answer(rows.delete(key)))
export const put = (store, row) => within(store, "readwrite", (rows) => answer(rows.put(row)))
export const fact = (key) => read("facts", key)
export const putFact = (key, value) => within("facts", "readwrite", (rows) => answer(rows.put(value, key)))
export const removeFact = (key) => remove("facts", key)

// Changes one row: `change` gets the row, or undefined, and answers with what is to be stored; undefined leaves it.
export const alter = (store, key, change) => within(store, "readwrite", async (rows) => {
  const before = await answer(rows.get(key))
  const after = change(before)
  if (after !== undefined) await answer(rows.put(after))
  return after ?? before
})

// Makes `wanted` the rows of a store, merged with those of the same id; of the others `keeps` says which stay.
export const replaceAll = (store, wanted, merge, keeps) => within(store, "readwrite", async (rows) => {
  const before = new Map((await answer(rows.getAll())).map((row) => [row.id, row]))
  for (const row of wanted) {
    await answer(rows.put(merge(before.get(row.id), row)))
    before.delete(row.id)
  }
  for (const row of before.values()) if (!keeps(row)) await answer(rows.delete(row.id))
})

// Adds notifications; `wins(row, before)` says whether one takes the place of what is here. The oldest leave.
export const addNotifications = (added, wins) => within("notifications", "readwrite", async (rows) => {
  const held = new Map((await answer(rows.getAll())).map((row) => [row.id, row]))
  for (const row of added) {
    const before = held.get(row.id)
    if (before && !wins(row, before)) continue
    held.set(row.id, row)
    await answer(rows.put(row))
  }
  for (const row of newestFirst([...held.values()]).slice(KEPT_NOTIFICATIONS)) await answer(rows.delete(row.id))
})

export const newestFirst = (rows) => rows.sort((one, other) => Date.parse(other.created_at) - Date.parse(one.created_at))

// Forgets the pairing and all that came with it.
export async function forgetAll() {
  for (const store of ["facts", ...Object.keys(KEYED)]) {
    await within(store, "readwrite", (rows) => answer(rows.clear()))
  }
}
