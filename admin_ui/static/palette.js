// Ctrl-K or Cmd-K: a field that finds pages, and things by their names.
"use strict";

(() => {
  const _ = window.smithText;
  const PAUSE = 150;
  let box = null;
  let asked = 0;
  let chosen = 0;

  const element = (tag, className, text) => Object.assign(document.createElement(tag), { className, textContent: text ?? "" });
  const fits = (name, words) => words.every((word) => name.toLowerCase().includes(word));
  const options = () => [...box.querySelectorAll("[role=option]")];

  // The pages are those that the navigation leads to, for this person.
  function places(typed) {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    const links = [...document.querySelectorAll(".sidebar a.nav-item, .sidebar a.help-link, .sidebar a.person-link, [data-palette]")];
    return links
      .map((link) => ({ name: link.dataset.palette ?? link.querySelector("span")?.textContent ?? link.textContent.trim(), path: link.getAttribute("href") }))
      .map((place) => ({ ...place, name: place.path === "/account" ? _("Your account") : place.name }))
      .filter((place) => fits(place.name, words));
  }

  async function found(typed) {
    const answer = await fetch(`/search?q=${encodeURIComponent(typed)}`, { headers: { accept: "application/json" } });
    if (answer.status === 401) {
      return window.smith.leave(`/sign-in?ended=1&next=${encodeURIComponent(location.pathname + location.search)}`);
    }
    if (!answer.ok) throw new Error(await answer.text());
    return (await answer.json()).groups;
  }

  function choose(place) {
    const all = options();
    chosen = all.length ? (place + all.length) % all.length : 0;
    all.forEach((option, index) => option.setAttribute("aria-selected", index === chosen));
    box.querySelector("input").setAttribute("aria-activedescendant", all[chosen]?.id ?? "");
    all[chosen]?.scrollIntoView({ block: "nearest" });
  }

  function list(groups, remark) {
    const results = box.querySelector(".palette-results");
    results.replaceChildren();
    let number = 0;
    for (const { name, items } of groups.filter((group) => group.items.length)) {
      const group = element("div", "palette-group");
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", name);
      group.append(element("div", "palette-group-name", name));
      for (const item of items) {
        const option = element("a", "palette-item");
        option.href = item.path;
        option.id = `palette-${number++}`;
        option.tabIndex = -1;
        option.setAttribute("role", "option");
        option.append(element("span", "palette-name", item.name), element("span", "palette-detail", item.detail));
        group.append(option);
      }
      results.append(group);
    }
    box.querySelector(".palette-remark").textContent = number ? remark : remark || _("Nothing has this name.");
    choose(0);
  }

  function look() {
    const typed = box.querySelector("input").value.trim();
    const mine = ++asked;
    const pages = { name: _("Pages"), items: places(typed) };
    list([pages], typed ? _("Searching…") : "");
    if (!typed) return;
    setTimeout(async () => {
      if (mine !== asked || !box) return;
      try {
        const groups = await found(typed);
        if (mine === asked && box && groups) list([pages, ...groups], "");
      } catch {
        if (mine === asked && box) list([pages], _("The server did not answer. Pages can be opened all the same."));
      }
    }, PAUSE);
  }

  function open() {
    if (box || !document.querySelector(".shell")) return;
    box = element("dialog", "palette");
    box.setAttribute("aria-label", _("Go to a page, or search"));
    const field = element("input", "palette-field");
    Object.assign(field, { type: "search", placeholder: _("Go to a page, a channel, a device, a person, a message…"), maxLength: 100, autocomplete: "off" });
    for (const [name, value] of Object.entries({ role: "combobox", "aria-label": _("Go to a page, or search"), "aria-expanded": "true", "aria-controls": "palette-results", "aria-autocomplete": "list" })) field.setAttribute(name, value);
    const results = element("div", "palette-results");
    results.id = "palette-results";
    results.setAttribute("role", "listbox");
    results.setAttribute("aria-label", _("Found"));
    const remark = element("p", "palette-remark");
    remark.setAttribute("role", "status");
    const keys = element("p", "palette-keys", _("↑ ↓ to choose · Enter to open · Esc to close · / searches a page's list · Ctrl Enter sends"));
    box.append(field, results, remark, keys);
    document.body.append(box);
    box.addEventListener("close", () => { box.remove(); box = null; });
    box.addEventListener("click", (event) => {
      if (event.target === box) box.close();
      else if (event.target.closest(".palette-item")) box.close();
    });
    field.addEventListener("input", look);
    field.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown") choose(chosen + 1);
      else if (event.key === "ArrowUp") choose(chosen - 1);
      else if (event.key === "Enter") options()[chosen]?.click();
      // At once: browsers empty a field for searching first.
      else if (event.key === "Escape") box.close();
      else return;
      event.preventDefault();
    });
    box.showModal();
    look();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    if (box) box.close();
    else open();
  });

  window.smith.openPalette = open;
})();
