// Makes programs that use the official Node SDK speak to your own server, without changing them:
//
//     ACTIVITYSMITH_BASE_URL=http://127.0.0.1:8000 node --import ./docs/sdks/host.mjs app.js
//
// Where you do not start node yourself, say it in NODE_OPTIONS="--import=/absolute/path/to/host.mjs".

const OFFICIAL = "https://activitysmith.com/api/";
const server = process.env.ACTIVITYSMITH_BASE_URL?.replace(/\/+$/, "");

if (server) {
  const { fetch } = globalThis;
  globalThis.fetch = (resource, options) =>
    typeof resource === "string" && resource.startsWith(OFFICIAL)
      ? fetch(`${server}/api/${resource.slice(OFFICIAL.length)}`, options)
      : fetch(resource, options);
}
