// Lets people see the password that they type. Without this script the button is not there.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const _ = window.smithText;
  for (const button of document.querySelectorAll("[data-reveal]")) {
    const field = document.getElementById(button.dataset.reveal);
    const show = (isShown) => {
      field.type = isShown ? "text" : "password";
      button.firstChild.textContent = isShown ? _("Hide") : _("Show");
      button.setAttribute("aria-pressed", isShown);
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      show(field.type === "password");
      field.focus();
    });
    // Browsers remember the text of fields that are no password fields: make it one again before the form is sent.
    field.form.addEventListener("submit", () => show(false));
  }
});
