// What the browser does without the server: copying, the theme, times in the person's time zone.
"use strict";

window.smith = (() => {
  const _ = window.smithText;
  const THEMES = ["auto", "light", "dark"];
  const THEME_WORDS = { auto: _("Theme: as this device has it"), light: _("Theme: light"), dark: _("Theme: dark") };

  const cookie = (name) => document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`))?.split("=")[1];

  function nextTheme() {
    const theme = THEMES[(THEMES.indexOf(cookie("smith_theme") ?? "auto") + 1) % THEMES.length];
    document.cookie = `smith_theme=${theme}; path=/; max-age=31536000; samesite=lax`;
    Quasar.Dark.set(theme === "auto" ? "auto" : theme === "dark");
    Quasar.Notify.create({ message: THEME_WORDS[theme], timeout: 1200 });
  }

  async function copy(event) {
    const button = event.target.closest("[data-copy]");
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      // Browsers offer the clipboard to secure origins only.
      const field = Object.assign(document.createElement("textarea"), { value: button.dataset.copy });
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    button.classList.add("is-copied");
    setTimeout(() => button.classList.remove("is-copied"), 1500);
    say(_("Copied"));
  }

  function say(words) {
    let region = document.getElementById("smith-says");
    if (!region) {
      region = Object.assign(document.createElement("div"), { id: "smith-says", className: "visually-hidden" });
      region.setAttribute("role", "status");
      document.body.append(region);
    }
    region.textContent = words;
  }

  const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const relative = new Intl.RelativeTimeFormat(window.smithLanguage, { numeric: "auto" });
  const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

  // The beginning of a chart's bar in the browser's time zone, also in zones with half hours.
  const language = window.smithLanguage === "en" ? "en-GB" : window.smithLanguage;
  const step = new Intl.DateTimeFormat(language, { weekday: "short", hour: "2-digit", minute: "2-digit" });
  const longStep = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

  function stepName(moment, seconds) {
    return (seconds < 21600 ? step : longStep).format(new Date(moment));
  }

  function stepTip(points, seconds) {
    // Within a template no catalog would find it.
    const none = _("none");
    const begins = new Date(points[0].axisValue);
    const ends = new Date(begins.getTime() + seconds * 1000);
    const lines = points.map((point) => `${point.marker} ${point.seriesName}: <b>${point.value ?? none}</b>`);
    return [_("{begin} to {end}", { begin: stepName(begins, seconds), end: stepName(ends, seconds) }), ...lines].join("<br>");
  }

  const utc = (moment) => `${moment.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
  const isToday = (moment) => moment.toDateString() === new Date().toDateString();

  // What a field for a moment says, in UTC; empty if it says none.
  function moment(field) {
    const chosen = new Date(field.value);
    return field.value && !Number.isNaN(chosen.getTime()) ? chosen.toISOString() : "";
  }

  // A moment in UTC as such a field has it: in the person's time zone, without naming it.
  function local(moment) {
    const chosen = new Date(moment);
    if (!moment || Number.isNaN(chosen.getTime())) return "";
    return new Date(chosen.getTime() - chosen.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  }

  function sayTimes() {
    for (const element of document.querySelectorAll("time.step-time")) {
      const words = stepName(element.getAttribute("datetime"), Number(element.dataset.step));
      if (element.textContent !== words) element.textContent = words;
    }
    for (const element of document.querySelectorAll(".zone-note")) {
      const words = _("Times are those of this device ({zone}).", { zone });
      if (element.textContent !== words) element.textContent = words;
    }
    for (const element of document.querySelectorAll("time.time[datetime]")) {
      const moment = new Date(element.getAttribute("datetime"));
      const seconds = (moment - Date.now()) / 1000;
      const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
      const words = Math.abs(seconds) < 5 ? _("now") : relative.format(Math.round(seconds / size), unit);
      if (element.textContent !== words) element.textContent = words;
      if (!element.title) element.title = `${exact.format(moment)} · ${utc(moment)}`;
    }
    for (const element of document.querySelectorAll("time.exact-time[datetime]")) {
      const moment = new Date(element.getAttribute("datetime"));
      const words = (isToday(moment) ? clock : exact).format(moment);
      if (element.textContent !== words) element.textContent = words;
      if (!element.title) element.title = utc(moment);
    }
    for (const field of document.querySelectorAll("input[data-utc]")) {
      // A field that has not changed since is left alone: somebody may be writing into it.
      if (field.dataset.shown === field.dataset.utc) continue;
      field.dataset.shown = field.dataset.utc;
      if (moment(field) !== field.dataset.utc) field.value = local(field.dataset.utc);
    }
  }

  setInterval(sayTimes, 1000);
  new MutationObserver(() => requestAnimationFrame(sayTimes)).observe(document.documentElement, { childList: true, subtree: true });

  // Quasar's types bring colors that no style can overrule, and that cannot be read well enough.
  const TOASTS = { positive: ["good", "check_circle"], negative: ["bad", "error"], warning: ["warn", "warning"], info: ["info", "info"] };
  document.addEventListener("DOMContentLoaded", () => {
    if (!window.Quasar) return;
    const plain = { color: undefined, textColor: undefined, badgeColor: "dark", badgeTextColor: "white" };
    Quasar.Notify.setDefaults(plain);
    for (const [type, [tone, icon]] of Object.entries(TOASTS)) {
      Quasar.Notify.registerType(type, { ...plain, icon, classes: `toast-${tone}` });
    }
  });

  return { copy, moment, nextTheme, stepName, stepTip };
})();
