// The texts of the scripts in the language of this server. Unless that is English, the server puts `smithTexts` before this.
"use strict";

window.smithLanguage ??= "en";

// `_("{count} found", { count: 3 })`: the text is a literal in double quotes, as what is not written in a script, or within a template, is in no
// catalog.
window.smithText = (text, values = {}) => (window.smithTexts?.[text] ?? text).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
