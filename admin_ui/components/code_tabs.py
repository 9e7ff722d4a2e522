"""One piece of code in several languages, which can change while it is shown."""

from collections.abc import Mapping

from nicegui import ui

from admin_ui.components.card_parts import set_prop
from admin_ui.components.copying import copy_button
from admin_ui.components.html import div, text
from admin_ui.texts import _


class CodeTabs(ui.element):
    """Tabs by the name of the language, and the code in the one that is chosen."""

    def __init__(self, contents: Mapping[str, str]) -> None:
        super().__init__("div")
        self._contents = dict(contents)
        names = list(contents)
        self.classes("snippets")
        with self:
            with (
                ui.tabs(on_change=self._show)
                .classes("tabs")
                .props("dense no-caps align=left :breakpoint=0") as self._tabs
            ):
                for name in names:
                    ui.tab(name)
            with div("snippet").props("role=tabpanel"):
                with ui.element("pre").classes("snippet-code").props("tabindex=0") as self._block:
                    self._code = text("", "", "code")
                self._copy = copy_button("", _("Copy"))
        self._tabs.set_value(names[0])
        self._show()

    def show(self, contents: Mapping[str, str]) -> None:
        """Shows other code in the same languages."""
        self._contents = dict(contents)
        self._show()

    def _show(self) -> None:
        name = str(self._tabs.value)
        self._code.text = self._contents.get(name, "")
        set_prop(self._block, "aria-label", _("{name} example").format(name=name))
        set_prop(self._copy, "data-copy", self._code.text)
