// Keeps what a person has typed through an outage. NiceGUI loads a page again when the server does not know it any more.
// This script then fills in the same texts, in this tab, for the same person, on the same page. It keeps no passwords.
"use strict";

(() => {
  const _ = window.smithText;
  const PREFIX = "smith_draft:";
  // Set while a person whose session has ended is signing in again: then drafts are kept, for them alone.
  const ENDED = "smith_ended";
  const PATIENCE = 15000;
  const PAUSE = 100;
  const REMEMBERED = 3000;

  const secret = new WeakSet();
  let restoring = false;
  let pressed = { name: "", at: 0 };

  const person = () => document.querySelector(".shell")?.dataset.person ?? "";
  const place = () => PREFIX + person() + location.pathname;
  const read = () => JSON.parse(sessionStorage.getItem(place()) ?? '{"steps":[],"page":{},"opener":"","dialog":{}}');
  const isShown = (element) => element.offsetParent !== null;
  const dialogs = () => document.querySelectorAll(".q-dialog .dialog");

  function write(draft) {
    try {
      sessionStorage.setItem(place(), JSON.stringify(draft));
    } catch {
      // The tab's storage is full or switched off: go on without drafts.
    }
  }

  function forgetAll() {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  }

  const nameOf = (button) => (button.getAttribute("aria-label") ?? button.querySelector(".block, .q-tab__label")?.textContent ?? button.textContent).trim();
  const labelOf = (field) => field.getAttribute("aria-label") ?? field.closest(".q-field")?.querySelector(".q-field__label")?.textContent ?? "";
  const fieldsIn = (root) => [...root.querySelectorAll("input, textarea")];

  function isSecret(field) {
    if (field.type === "password" || /password|one-time/.test(field.autocomplete) || /password|secret/i.test(labelOf(field))) secret.add(field);
    // A password field that shows its text for a moment is still a password field.
    return secret.has(field);
  }

  // The index among fields of one name changes when a form grows; fields of the playground have unique names.
  function keyOf(field, root) {
    if (field.dataset.draft) return field.dataset.draft;
    const label = labelOf(field);
    return `${label}#${fieldsIn(root).filter((other) => labelOf(other) === label).indexOf(field)}`;
  }

  document.addEventListener("focusin", (event) => event.target.matches?.("input") && isSecret(event.target));

  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!person() || !field.matches("input:not([type=checkbox], [type=radio], [type=file]), textarea") || isSecret(field) || !labelOf(field)) return;
    // Text that searches in a list of choices is not part of the draft, nor is what the address has.
    if (field.closest(".q-select, [data-in-address]")) return;
    const dialog = field.closest(".dialog");
    const draft = read();
    draft[dialog ? "dialog" : "page"][keyOf(field, dialog ?? document)] = field.value;
    write(draft);
  }, true);

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button, [role=tab], .q-btn");
    if (!button || !person() || restoring) return;
    pressed = { name: nameOf(button), at: Date.now() };
    const { draftStep: step, draftUndo: undone } = button.dataset;
    if (!step && !undone) return;
    const draft = read();
    if (step) draft.steps.push(step);
    else if (draft.steps.includes(undone)) draft.steps.splice(draft.steps.lastIndexOf(undone), 1);
    write(draft);
  }, true);

  document.addEventListener("submit", (event) => {
    if (!event.target.matches('form[action="/sign-out"]')) return;
    sessionStorage.removeItem(ENDED);
    forgetAll();
  }, true);

  // A dialog is known by the button that opened it. When it closes, its draft is deleted.
  let wasOpen = false;
  new MutationObserver(() => {
    const isOpen = dialogs().length > 0;
    if (isOpen === wasOpen || restoring || !person()) return;
    wasOpen = isOpen;
    const draft = read();
    draft.opener = isOpen && Date.now() - pressed.at < REMEMBERED ? pressed.name : "";
    draft.dialog = {};
    write(draft);
  }).observe(document.documentElement, { childList: true, subtree: true });

  async function until(probe) {
    for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
      const found = probe();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    return null;
  }

  async function press(find) {
    const button = await until(find);
    button?.click();
    // Wait until its handler has ended: it takes no second click before.
    await new Promise((resolve) => setTimeout(resolve, 3 * PAUSE));
    await until(() => !button?.isConnected || !button.querySelector(".q-spinner"));
  }

  async function type(values, rootOf) {
    for (const [key, value] of Object.entries(values)) {
      const field = await until(() => fieldsIn(rootOf() ?? document.createElement("i")).find((one) => keyOf(one, rootOf()) === key));
      if (!field || isSecret(field) || field.value === value) continue;
      const kind = field.matches("textarea") ? HTMLTextAreaElement : HTMLInputElement;
      Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(field, value);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  function forgetOthers() {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX) && !key.startsWith(PREFIX + person())) sessionStorage.removeItem(key);
  }

  async function restore(why) {
    const draft = read();
    const hasDialog = Object.keys(draft.dialog).length > 0;
    if (!hasDialog && !Object.keys(draft.page).length && !draft.steps.length) return;
    restoring = true;
    await until(() => window.socket?.connected);
    for (const step of draft.steps) {
      await press(() => [...document.querySelectorAll("[data-draft-step]")].find((one) => one.dataset.draftStep === step && isShown(one)));
    }
    await type(draft.page, () => document);
    if (hasDialog && draft.opener) {
      await press(() => [...document.querySelectorAll("button")].find((one) => nameOf(one) === draft.opener && isShown(one)));
      await type(draft.dialog, () => dialogs()[0]);
    }
    wasOpen = dialogs().length > 0;
    restoring = false;
    write(draft);
    window.Quasar?.Notify.create({ message: why, type: "info" });
  }

  document.addEventListener("DOMContentLoaded", async () => {
    if (new URLSearchParams(location.search).has("ended")) sessionStorage.setItem(ENDED, "1");
    const isReload = performance.getEntriesByType("navigation")[0]?.type === "reload";
    if (!(await until(person))) {
      // This page is for people who are not signed in.
      if (!sessionStorage.getItem(ENDED)) forgetAll();
    } else if (sessionStorage.getItem(ENDED)) {
      sessionStorage.removeItem(ENDED);
      forgetOthers();
      await restore(_("Your session had ended. What you had typed is back."));
    } else if (isReload) {
      await restore(_("The connection was lost for a while. What you had typed is back."));
    } else {
      sessionStorage.removeItem(place());
    }
  });
})();
