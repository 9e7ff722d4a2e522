// Passkeys: what only the browser can do. Options come from the server as JSON, answers go back as JSON.
"use strict";

window.smithPasskeys = (() => {
  const _ = window.smithText;
  const decoded = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const encoded = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const listed = (known) => (known ?? []).map((one) => ({ ...one, id: decoded(one.id) }));

  const isPossible = () => Boolean(window.isSecureContext && window.PublicKeyCredential && navigator.credentials);

  // A sentence for the person, by the name of the browser's error.
  function why(error) {
    if (error.name === "NotAllowedError") return _("No passkey was used: it was cancelled, or it took too long.");
    if (error.name === "InvalidStateError") return _("This device has a passkey for you already.");
    if (error.name === "SecurityError") return _("The browser makes no passkeys for this address.");
    return _("The browser cannot use a passkey here.");
  }

  async function make(options) {
    if (!isPossible()) return {};
    try {
      const made = await navigator.credentials.create({ publicKey: {
        ...options,
        challenge: decoded(options.challenge),
        user: { ...options.user, id: decoded(options.user.id) },
        excludeCredentials: listed(options.excludeCredentials),
      } });
      return { answer: JSON.stringify({
        id: made.id, rawId: encoded(made.rawId), type: made.type,
        response: { clientDataJSON: encoded(made.response.clientDataJSON), attestationObject: encoded(made.response.attestationObject) },
      }) };
    } catch (error) {
      return { why: why(error) };
    }
  }

  async function use(options) {
    const used = await navigator.credentials.get({ publicKey: {
      ...options, challenge: decoded(options.challenge), allowCredentials: listed(options.allowCredentials),
    } });
    const { clientDataJSON, authenticatorData, signature, userHandle } = used.response;
    return JSON.stringify({
      id: used.id, rawId: encoded(used.rawId), type: used.type,
      response: {
        clientDataJSON: encoded(clientDataJSON), authenticatorData: encoded(authenticatorData), signature: encoded(signature),
        userHandle: userHandle ? encoded(userHandle) : undefined,
      },
    });
  }

  // On the pages for signing in: a form with a hidden field, which asks the server for options first.
  async function signIn(form) {
    const say = form.querySelector("[role=alert]");
    const button = form.querySelector("button");
    say.textContent = "";
    button.disabled = true;
    try {
      const answer = await fetch(form.dataset.passkey, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "" });
      const said = await answer.json();
      if (!answer.ok) {
        say.textContent = said.message;
        return;
      }
      form.elements.passkey.value = await use(said.options);
      form.submit();
    } catch (error) {
      say.textContent = why(error);
    } finally {
      button.disabled = false;
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const form of document.querySelectorAll("form[data-passkey]")) {
      if (!isPossible()) continue;
      form.hidden = false;
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        signIn(form);
      });
    }
  });

  return { make };
})();
