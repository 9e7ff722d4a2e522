"""Small parts that the cards of the lock screen are made of."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from admin_ui.assets import LOGO
from admin_ui.components.html import div, text
from admin_ui.texts import _

OnAction = Callable[[Mapping[str, Any]], Any]


def set_prop(element: ui.element, name: str, value: Any) -> None:
    """Sets a property, and tells the browser only if it differs."""
    if element.props.get(name) != value:
        element.props[name] = value


def set_variable(element: ui.element, name: str, value: str) -> None:
    """Sets a CSS variable, and tells the browser only if it differs."""
    if element.style.get(name) != value:
        element.style[name] = value


def paint(element: ui.element, color: str) -> None:
    """Has the element and what is in it take one of the API's colors."""
    set_variable(element, "--lock-tint", f"var(--lock-{color})")


def app_icon() -> None:
    """The app's icon."""
    ui.html(LOGO, sanitize=False, tag="span").classes("lock-icon").props("aria-hidden=true")


def action_button(action: Mapping[str, Any], on_action: OnAction | None, classes: str = "") -> ui.element:
    """The button of an action; without `on_action` a picture of it that cannot be clicked."""
    title = action.get("title")
    is_webhook = action.get("type") == "webhook"
    button = ui.element("div" if on_action is None else "button").classes(f"lock-action {classes}")
    button.mark("action")
    if on_action is not None:
        button.props["type"] = "button"
        button.on("click", lambda: on_action(action))
    with button:
        ui.icon("bolt" if is_webhook else "open_in_new").props("aria-hidden=true")
        text(title if isinstance(title, str) else "", "lock-action-title")
        text(_(", calls a webhook") if is_webhook else _(", opens a link"), "visually-hidden")
    return button


class Gauge:
    """A bar that is filled in part. `show` moves it; it cannot change its place on the page."""

    def __init__(self, label: str, classes: str = "") -> None:
        self.element = div(f"lock-gauge {classes}")
        self.element.props["role"] = "progressbar"
        self.element.props["aria-label"] = label
        self.element.props["aria-valuemin"] = 0
        self.element.props["aria-valuemax"] = 100
        with self.element:
            div("lock-gauge-full")

    def show(self, fraction: float, spoken: str) -> None:
        """Moves to `fraction`, from 0 to 1; `spoken` is what screen readers say."""
        set_prop(self.element, "aria-valuenow", round(fraction * 100))
        set_prop(self.element, "aria-valuetext", spoken)
        set_variable(self.element, "--lock-full", f"{fraction:.4f}")
