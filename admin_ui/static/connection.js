// Says at the top of the page when the server has stopped answering, so that what is shown is not taken for up to date.
"use strict";

(() => {
  const _ = window.smithText;
  const PAUSE = 1500;
  // Longer than the server takes to find out that its core does not answer.
  const PATIENCE = 1400;
  const GOOD_NEWS = 3000;
  const LOST = _("The server does not answer. This page tries again by itself, and what you have typed stays here.");
  const STALE = _("The server is not ready at the moment. What you see may be out of date until it is.");
  const BACK = _("Connected again.");

  let strip = null;
  let leaving = 0;

  function say(words, tone) {
    clearTimeout(leaving);
    if (!strip) {
      strip = document.createElement("div");
      strip.setAttribute("role", "status");
      document.body.append(strip);
    }
    strip.className = `connection connection-${tone}`;
    if (strip.textContent !== words) strip.textContent = words;
  }

  function quiet() {
    strip?.remove();
    strip = null;
  }

  async function trouble() {
    try {
      const answer = await fetch("/readyz", { signal: AbortSignal.timeout(PATIENCE), cache: "no-store" });
      return answer.ok ? "" : STALE;
    } catch {
      return LOST;
    }
  }

  async function look() {
    // A page in the background may be one of many: it asks once it is looked at.
    if (!document.hidden) {
      const words = await trouble();
      // One page is left for another: its requests fail, and that is no trouble.
      if (words && !window.smith.isLeaving()) say(words, "bad");
      else if (strip && !strip.classList.contains("connection-good")) {
        say(BACK, "good");
        leaving = setTimeout(quiet, GOOD_NEWS);
      }
    }
    setTimeout(look, PAUSE);
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelector("main") && setTimeout(look, PAUSE));
})();
