// Makes the calls that tests ask for, one JSON object a line, and answers each with a line.

import { createInterface } from "node:readline";
import ActivitySmith from "activitysmith";

const clients = new Map();

function client(apiKey) {
  if (!clients.has(apiKey)) clients.set(apiKey, new ActivitySmith({ apiKey }));
  return clients.get(apiKey);
}

async function outcome({ key, resource, method, args }) {
  try {
    const caller = resource ? client(key)[resource] : client(key);
    return { answer: await caller[method](...args) };
  } catch (error) {
    if (!error.response) return { name: error.name, message: error.message };
    return { name: error.name, status: error.response.status, body: await error.response.json() };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await outcome(JSON.parse(line))));
}
