// Makes the calls and runs the programs that tests ask for, one JSON object a line, and answers each with a line.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

const answers = console.log;
// The package is the one that programs in this folder find.
const found = join(process.cwd(), "activitysmith.mjs");
writeFileSync(found, 'export { default } from "activitysmith";');
const { default: ActivitySmith } = await import(pathToFileURL(found));
const clients = new Map();

function client(apiKey) {
  if (!clients.has(apiKey)) clients.set(apiKey, new ActivitySmith({ apiKey }));
  return clients.get(apiKey);
}

async function run({ key, program }) {
  process.env.ACTIVITYSMITH_API_KEY = key;
  const printed = [];
  console.log = console.error = (...parts) => printed.push(format(...parts));
  await import(pathToFileURL(program));
  return { printed: printed.join("\n") };
}

async function outcome(asked) {
  try {
    if (asked.program) return await run(asked);
    const caller = asked.resource ? client(asked.key)[asked.resource] : client(asked.key);
    return { answer: await caller[asked.method](...asked.args) };
  } catch (error) {
    if (!error.response) return { error: error.name, told: error.message };
    return { error: error.name, status: error.response.status, body: await error.response.json() };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  answers(JSON.stringify(await outcome(JSON.parse(line))));
}
