// Keys: "/" goes to the search field, Enter does what a dialog is about, Ctrl-Enter (or Cmd-Enter) what the page is about.
"use strict";

(() => {
  const isShown = (element) => element.offsetParent !== null && !element.disabled;
  const last = (elements) => [...elements].filter(isShown).at(-1);
  const isText = (element) => element.matches?.("input, textarea, select, [contenteditable=true]");

  function openDialog() {
    return last(document.querySelectorAll(".q-dialog .dialog"));
  }

  // What is dangerous is clicked, or reached with Tab: Enter may have been meant for the dialog before.
  function mainButton(dialog) {
    return dialog ? last(dialog.querySelectorAll(".button-primary")) : last(document.querySelectorAll("[data-main] .button-primary, .button-primary[data-main]"));
  }

  function press(event, button) {
    if (!button) return;
    event.preventDefault();
    // A field tells its value when it is left, and a moment later.
    document.activeElement?.blur();
    setTimeout(() => button.click());
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const { target, key } = event;
    const withCommand = event.ctrlKey || event.metaKey;
    if (key === "/" && !withCommand && !event.altKey && !isText(target) && !openDialog()) {
      const field = last(document.querySelectorAll(".search input"));
      if (!field) return;
      event.preventDefault();
      field.focus();
      field.select();
    } else if (key === "Enter" && withCommand) {
      press(event, mainButton(openDialog()));
    } else if (key === "Enter" && target.matches?.("input") && target.closest(".dialog") && !target.closest(".q-select")) {
      press(event, mainButton(target.closest(".dialog")));
    }
  });
})();
