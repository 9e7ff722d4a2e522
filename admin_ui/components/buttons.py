"""Buttons. One primary button on a page or in a dialog at most."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from nicegui import ui

from admin_ui.components.html import text
from admin_ui.page_task import on_page

OnClick = Callable[[], Any]


class Button(ui.button):
    """A button that is busy and takes no second click until its handler has ended."""

    def __init__(self, label: str, on_click: OnClick | None, classes: str, icon: str | None) -> None:
        # The theme colors it; and defaults of `ui.button` do not reach its subclasses.
        super().__init__(label, icon=icon, color=None)
        self.classes(f"button {classes}").props("flat no-caps")
        if on_click is not None:
            self.on_click(self._doing(on_click))

    def _doing(self, act: OnClick) -> Callable[[], Any]:
        on_click = on_page(act)

        async def do() -> None:
            pressed = _pressed.set(self)
            self.show_busy(True)
            try:
                await on_click()
            finally:
                self.show_busy(False)
                _pressed.reset(pressed)

        return do

    def show_busy(self, is_busy: bool) -> None:
        """Shows that the button is, or is not, at work."""
        if not self.is_deleted:
            self.props("loading") if is_busy else self.props(remove="loading")


_pressed: ContextVar[Button | None] = ContextVar("pressed", default=None)


@contextmanager
def the_person_thinks() -> Iterator[None]:
    """The button whose handler runs shows nothing meanwhile: it is the person who is waited for."""
    button = _pressed.get()
    if button is not None:
        button.show_busy(False)
    yield
    if button is not None:
        button.show_busy(True)


def primary(label: str, on_click: OnClick | None = None, *, icon: str | None = None) -> Button:
    """The button that the page or the dialog is about."""
    return Button(label, on_click, "button-primary", icon)


def secondary(label: str, on_click: OnClick | None = None, *, icon: str | None = None) -> Button:
    """Any other button."""
    return Button(label, on_click, "button-secondary", icon)


def quiet(label: str, on_click: OnClick | None = None, *, icon: str | None = None) -> Button:
    """A button that stays in the background, as in the rows of a table."""
    return Button(label, on_click, "button-quiet", icon)


def danger(label: str, on_click: OnClick | None = None, *, icon: str | None = None) -> Button:
    """A button that takes something away."""
    return Button(label, on_click, "button-danger", icon)


def icon_button(icon: str, label: str, on_click: OnClick | None = None) -> Button:
    """A button that shows only an icon; `label` is its name for those who do not see it, and its tooltip."""
    button = Button("", on_click, "button-icon", icon)
    button.props["aria-label"] = label
    button.props["title"] = label
    return button


def link_button(label: str, href: str, *, icon: str | None = None, primary: bool = False) -> ui.element:
    """A link that looks like a button."""
    link = ui.element("a").classes(f"button-link {'button-link-primary' if primary else ''}")
    link.props["href"] = href
    with link:
        if icon:
            ui.icon(icon).props("aria-hidden=true")
        text(label)
    return link
