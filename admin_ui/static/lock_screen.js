// Timers of Live Activities count in the browser, as they do on a phone.
"use strict";

(() => {
  const moment = (words) => (words ? Number(words) : null);

  function shown(clock, now) {
    const starts = moment(clock.dataset.starts);
    const ends = moment(clock.dataset.ends);
    let at = moment(clock.dataset.paused) ?? now;
    if (ends !== null) at = Math.min(at, ends);
    const seconds = clock.dataset.down === "true" && ends !== null ? ends - Math.max(at, starts) : at - starts;
    return Math.max(0, seconds);
  }

  function words(seconds) {
    const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
    const two = (figure) => String(figure).padStart(2, "0");
    return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
  }

  function tick() {
    const now = Date.now() / 1000;
    for (const clock of document.querySelectorAll(".lock-timer[data-starts]")) {
      const seconds = shown(clock, now);
      const said = words(seconds);
      if (clock.textContent !== said) clock.textContent = said;
      const bar = clock.parentElement.querySelector(".lock-gauge");
      const length = moment(clock.dataset.ends) - moment(clock.dataset.starts);
      if (bar && length > 0) bar.style.setProperty("--lock-full", Math.min(1, seconds / length).toFixed(4));
    }
  }

  setInterval(tick, 500);
})();
