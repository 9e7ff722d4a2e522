"""What a page shows while it has no content: empty, loading, or an error."""

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui

from admin_ui.components.html import div, labelled, p, text
from admin_ui.texts import _


@contextmanager
def empty_state(icon: str, title: str, explanation: str) -> Iterator[None]:
    """Says that there is nothing yet and what to do next; the block draws the button or link that does it."""
    with div("empty"):
        ui.icon(icon).classes("empty-icon").props("aria-hidden=true")
        text(title, "empty-title", "h2")
        p(explanation, "muted")
        with div("empty-actions"):
            yield


def error_state(message: str) -> None:
    """Says that the page cannot be shown, why, and offers to try again."""
    with div("empty").props("role=alert"):
        ui.icon("error_outline").classes("empty-icon tone-bad").props("aria-hidden=true")
        text(_("This page cannot be shown"), "empty-title", "h2")
        p(message, "muted")
        with div("empty-actions"):
            again = ui.element("button").classes("button-link").props("type=button")
            again.on("click", js_handler="() => location.reload()")
            with again:
                text(_("Try again"))


def loading(lines: int = 3) -> ui.element:
    """Grey bars in place of content that is being read. Remove it, or clear its container, once it is there."""
    with labelled(div("loading").props("role=status"), _("Loading")) as bars:
        for _line in range(lines):
            div("loading-bar")
    return bars


def notice(tone: str, title: str, explanation: str = "") -> ui.element:
    """A remark above other content; `tone` is `info`, `good`, `warn` or `bad`. More may be drawn inside."""
    icons = {"info": "info", "good": "check_circle", "warn": "warning", "bad": "error"}
    with div(f"notice notice-{tone}").props("role=alert" if tone == "bad" else "role=status"):
        ui.icon(icons[tone]).props("aria-hidden=true")
        with div("notice-text") as body:
            text(title, "notice-title", "p")
            if explanation:
                p(explanation)
    return body
