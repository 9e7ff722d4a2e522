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
    if (document.hidden) return;
    const now = new Date();
    // An iPhone's clock says 9:41, not 9:41 AM.
    const clock = time.formatToParts(now).filter((part) => part.type !== "dayPeriod").map((part) => part.value).join("").trim();
    show(".iphone-clock, .iphone-status-time", clock);
    show(".iphone-date", date.format(now));
  }

  function reveal(element) {
    const arriving = element.matches?.(".iphone-slot.is-arriving") ? element : element.querySelector?.(".iphone-slot.is-arriving");
    const slot = arriving ?? element.closest?.(".lock-more-area")?.closest(".iphone-slot");
    const cards = slot?.closest(".iphone-cards");
    if (!cards) return;
    // Scroll only the phone, not the page.
    const top = slot.getBoundingClientRect().top - cards.getBoundingClientRect().top + cards.scrollTop;
    const below = top + slot.offsetHeight + 36 - cards.clientHeight;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    cards.scrollTo({ top: Math.min(Math.max(cards.scrollTop, below), top - 8), behavior: calm ? "auto" : "smooth" });
  }

  new MutationObserver((changes) => {
    const added = changes.flatMap((change) => [...change.addedNodes]);
    if (added.length) requestAnimationFrame(() => added.forEach(reveal));
  }).observe(document.documentElement, { childList: true, subtree: true });

  setInterval(tick, 500);
  document.addEventListener("visibilitychange", tick);
})();
