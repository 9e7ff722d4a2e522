// Lets people see the password that they type. Without this script the button is not there.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-reveal]")) {
    const field = document.getElementById(button.dataset.reveal);
    const show = (isShown) => {
      field.type = isShown ? "text" : "password";
      button.firstChild.textContent = isShown ? "Hide" : "Show";
      button.setAttribute("aria-pressed", isShown);
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      show(field.type === "password");
      field.focus();
    });
    // What browsers remember of a form's fields is of those that are no passwords.
    field.form.addEventListener("submit", () => show(false));
  }
});
