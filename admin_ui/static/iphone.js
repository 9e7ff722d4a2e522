// The simulated iPhones: their clock is the browser's own, and what arrives or unfolds comes into view.
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

  function reveal(element) {
    const arriving = element.matches?.(".iphone-slot.is-arriving") ? element : element.querySelector?.(".iphone-slot.is-arriving");
    const slot = arriving ?? element.closest?.(".lock-more-area")?.closest(".iphone-slot");
    const cards = slot?.closest(".iphone-cards");
    if (!cards) return;
    // Scroll only the phone, not the page.
    const below = slot.offsetTop + slot.offsetHeight + 36 - cards.clientHeight;
    const top = Math.min(Math.max(cards.scrollTop, below), slot.offsetTop - 8);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    cards.scrollTo({ top, behavior: calm ? "auto" : "smooth" });
  }

  new MutationObserver((changes) => {
    const added = changes.flatMap((change) => [...change.addedNodes]);
    if (added.length) requestAnimationFrame(() => added.forEach(reveal));
  }).observe(document.documentElement, { childList: true, subtree: true });

  setInterval(tick, 500);
})();
