// The clocks of the simulated iPhones: the browser's own.
"use strict";

(() => {
  const time = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
  const date = new Intl.DateTimeFormat(undefined, { weekday: "long", month: "long", day: "numeric" });

  function show(selector, words) {
    for (const element of document.querySelectorAll(selector)) {
      if (element.textContent !== words) element.textContent = words;
    }
  }

  function tick() {
    const now = new Date();
    // An iPhone's clock says 9:41, not 9:41 AM.
    const clock = time.formatToParts(now).filter((part) => !["dayPeriod"].includes(part.type)).map((part) => part.value).join("").trim();
    show(".iphone-clock", clock);
    show(".iphone-date", date.format(now));
  }

  setInterval(tick, 500);
})();
