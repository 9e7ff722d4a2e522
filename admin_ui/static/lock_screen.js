// Cards of lock screens: timers count and ages grow in the browser, as they do on a phone.
"use strict";

window.lockScreen = (() => {
  const _ = window.smithText;
  const MINUTE = 60;
  const HOUR = 60 * MINUTE;
  const DAY = 24 * HOUR;
  const clockTime = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
  const weekday = new Intl.DateTimeFormat(window.smithLanguage, { weekday: "short" });
  const date = new Intl.DateTimeFormat(window.smithLanguage, { month: "short", day: "numeric" });
  const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

  const midnight = (moment) => new Date(moment).setHours(0, 0, 0, 0);

  // As iOS writes how old a notification is. Both are milliseconds of UNIX time; what is in the future is now.
  function age(moment, now) {
    const seconds = Math.floor((now - moment) / 1000);
    if (seconds < MINUTE) return _("now");
    if (seconds < HOUR) return _("{minutes}m ago", { minutes: Math.floor(seconds / MINUTE) });
    if (seconds < DAY) return _("{hours}h ago", { hours: Math.floor(seconds / HOUR) });
    const then = new Date(moment);
    // Days by the calendar: where the clocks are changed, a day is not 24 hours.
    const days = Math.round((midnight(now) - midnight(moment)) / 1000 / DAY);
    if (days <= 1) return _("Yesterday, {time}", { time: clockTime.format(then) });
    return days < 7 ? `${weekday.format(then)} ${clockTime.format(then)}` : date.format(then);
  }

  const number = (words) => (words ? Number(words) : null);

  // Seconds that a timer shows at `now`, in UNIX seconds.
  function seconds(timer, now) {
    const [starts, ends] = [number(timer.starts), number(timer.ends)];
    let at = number(timer.paused) ?? now;
    if (ends !== null) at = Math.min(at, ends);
    return Math.max(0, timer.down === "true" && ends !== null ? ends - Math.max(at, starts) : at - starts);
  }

  function words(left) {
    const [hours, minutes, rest] = [Math.floor(left / HOUR), Math.floor(left / MINUTE) % 60, Math.floor(left) % 60];
    const two = (figure) => String(figure).padStart(2, "0");
    return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
  }

  function say(element, said) {
    if (element.textContent !== said) element.textContent = said;
  }

  function fill(bar, part) {
    const full = part.toFixed(4);
    if (bar.style.getPropertyValue("--lock-full") !== full) bar.style.setProperty("--lock-full", full);
  }

  function tick() {
    // A page that is not seen need not move. It is right at once when it is seen again.
    if (document.hidden) return;
    const now = Date.now();
    for (const clock of document.querySelectorAll("[data-starts]:not([data-starts=''])")) {
      const left = seconds(clock.dataset, now / 1000);
      say(clock, words(left));
      const bar = clock.matches(".lock-timer") ? clock.parentElement.querySelector(".lock-gauge") : null;
      const length = number(clock.dataset.ends) - number(clock.dataset.starts);
      if (bar && length > 0) fill(bar, Math.min(1, left / length));
    }
    for (const time of document.querySelectorAll(".lock-time[datetime]")) {
      const moment = new Date(time.getAttribute("datetime"));
      say(time, age(moment.getTime(), now));
      time.title ||= exact.format(moment);
    }
  }

  setInterval(tick, 500);
  // Timers of a tab that sleeps, or of a machine that slept, run late.
  document.addEventListener("visibilitychange", tick);
  for (const event of ["focus", "pageshow"]) addEventListener(event, tick);

  return { age, tick };
})();
