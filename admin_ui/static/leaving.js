// Shows at once that a link was followed, if the next page takes its time; and leaves when the session is over.
"use strict";

(() => {
  const SOON = 150;
  // What was followed may be a file, with which the browser stays.
  const LONG = 10000;
  let leaving = false;
  let over = "";
  let timer = 0;

  function goes() {
    leaving = true;
    setTimeout(end, LONG);
  }

  function begin() {
    goes();
    timer = setTimeout(() => document.body.classList.add("is-leaving"), SOON);
  }

  function end() {
    leaving = false;
    clearTimeout(timer);
    document.body.classList.remove("is-leaving");
    const path = over;
    over = "";
    if (path) window.smith.leave(path);
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const target = new URL(link.href, location.href);
    const isHere = target.pathname === location.pathname && target.search === location.search;
    if (link.target || link.hasAttribute("download") || target.origin !== location.origin || isHere) return;
    begin();
  });
  window.addEventListener("beforeunload", goes);
  // The browser shows a page again that it has kept.
  window.addEventListener("pageshow", end);
  document.addEventListener("keydown", (event) => event.key === "Escape" && end());

  window.smith.isLeaving = () => leaving;
  window.smith.leave = (path) => {
    begin();
    location.assign(path);
  };
  // The session is over. A person who signs out is on their way already; one who has followed a link to a file stays.
  window.smith.end = (path) => {
    if (leaving) over = path;
    else window.smith.leave(path);
  };
})();
