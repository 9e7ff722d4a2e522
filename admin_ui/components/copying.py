"""Texts to copy: secrets that are shown once, and ready commands."""

from collections.abc import Mapping

from nicegui import ui

from admin_ui.components.card_parts import set_prop
from admin_ui.components.html import div, text
from admin_ui.texts import _

COPY = "(event) => window.smith.copy(event)"


def copy_button(content: str, label: str = _("Copy")) -> ui.element:
    """A button that puts `content` on the clipboard, in the browser alone. `label` says what is copied."""
    button = ui.element("button").classes("copy-button").on("click", js_handler=COPY)
    button.props["type"] = "button"
    button.props["aria-label"] = label
    button.props["title"] = label
    button.props["data-copy"] = content
    with button:
        ui.icon("content_copy").props("aria-hidden=true")
    return button


def copyable(content: str, label: str) -> None:
    """A short text, as an id or a secret, with a button that copies it. `label` names it to screen readers."""
    with div("copyable"):
        text(content, "copyable-text", "code").props["aria-label"] = label
        copy_button(content, _("Copy {what}").format(what=label))


class Snippet(ui.element):
    """Some lines of code with a button that copies them."""

    def __init__(self, content: str, label: str) -> None:
        """`label` names them to screen readers."""
        super().__init__("div")
        self.classes("snippet")
        with self:
            with ui.element("pre").classes("snippet-code").props("tabindex=0") as block:
                block.props["aria-label"] = label
                self._code = text(content, "", "code")
            self._copy = copy_button(content, _("Copy {what}").format(what=label))

    def show(self, content: str) -> None:
        """Shows other lines in place."""
        self._code.text = content
        set_prop(self._copy, "data-copy", content)


def snippet(content: str, label: str) -> Snippet:
    """Some lines of code with a button that copies them. `label` names them to screen readers."""
    return Snippet(content, label)


def snippets(contents: Mapping[str, str]) -> None:
    """The same request in several languages, by their names, one at a time."""
    names = list(contents)
    with div("snippets"):
        with ui.tabs().props("dense no-caps inline-label align=left").classes("tabs") as tabs:
            for name in names:
                ui.tab(name)
        with ui.tab_panels(tabs, value=names[0], animated=False).classes("tab-panels"):
            for name, content in contents.items():
                with ui.tab_panel(name).classes("tab-panel"):
                    snippet(content, _("{name} example").format(name=name))
