"""Notifications of one app or thread as a stack, as iOS shows them: a tap shows all, "Show less" stacks them again."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from admin_ui.components.card_parts import set_prop
from admin_ui.components.html import div, text
from admin_ui.texts import _, ngettext

APP = "ActivitySmith"
"""What iOS calls the app."""


@dataclass(frozen=True)
class Group:
    """Notifications that iOS stacks."""

    thread: str
    """Empty for those that name none: iOS stacks these by their app, and there is one."""
    notifications: tuple[Mapping[str, Any], ...]
    """Newest first, never empty."""


def grouped(notifications: Iterable[Mapping[str, Any]]) -> list[Group]:
    """The notifications by thread. They come oldest first; groups and what is in them are newest first."""
    threads: dict[str, list[Mapping[str, Any]]] = {}
    for notification in reversed(list(notifications)):
        threads.setdefault(notification.get("thread_id") or "", []).append(notification)
    return [Group(thread, tuple(ones)) for thread, ones in threads.items()]


class Stack(ui.element):
    """The cards of one group, drawn into `cards`. Several are a stack until a person opens it."""

    def __init__(self, clear: Callable[[], Any]) -> None:
        super().__init__("div")
        self._count = 0
        self._is_open = False
        self.classes("iphone-group").props("role=group")
        with self:
            with div("iphone-group-head") as self._head:
                text(APP, "iphone-group-name")
                self._closer = _small_button(_("Show less"), self._turn).mark("show less")
                _small_button(_("Clear"), clear).mark("clear")
            self.cards = div("iphone-list")
            self._opener = ui.element("button").classes("iphone-group-open").props("type=button aria-expanded=false")
            self._opener.on("click", self._turn)
            self._opener.mark("open stack")
        self.show(0)

    def show(self, count: int) -> None:
        """How many notifications are in it."""
        self._count = count
        is_several = count > 1
        name = ngettext("{count} notification of {app}", "{count} notifications of {app}", count).format(
            count=count, app=APP
        )
        is_stacked = is_several and not self._is_open
        # One that is alone opens by itself, and is no stack when more come than the person saw.
        self._is_open = self._is_open and is_several
        self.classes(add="is-stacked" if is_stacked else "", remove="" if is_stacked else "is-stacked")
        self.classes(add="is-many" if count > 2 else "", remove="" if count > 2 else "is-many")
        set_prop(self, "aria-label", name if is_several else _("A notification of {app}").format(app=APP))
        set_prop(self._opener, "aria-label", _("{name}, stacked: show them").format(name=name))
        set_prop(
            self._opener,
            "title",
            ngettext(
                "{count} notification. Click to see it.", "{count} notifications. Click to see them all.", count
            ).format(count=count),
        )
        self._opener.set_visibility(is_stacked)
        self._head.set_visibility(is_several and self._is_open)
        # What is in a stack cannot be reached, by keyboard either, before it is opened.
        if is_stacked:
            set_prop(self.cards, "inert", True)
        elif self.cards.props.pop("inert", None):
            self.cards.update()

    def _turn(self) -> None:
        self._is_open = not self._is_open
        self.show(self._count)
        # What was pressed is gone: the keyboard goes on at what undoes it, once that is drawn.
        focus = f"getHtmlElement({(self._closer if self._is_open else self._opener).id})?.focus()"
        self.client.run_javascript(f"requestAnimationFrame(() => {focus})")


def _small_button(label: str, do: Callable[[], Any]) -> ui.element:
    with ui.element("button").classes("iphone-group-button").props("type=button") as button:
        text(label)
    button.on("click", do)
    return button
