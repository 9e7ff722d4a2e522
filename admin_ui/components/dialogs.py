"""Dialogs: forms, and questions before something is taken away."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from admin_ui.components.buttons import danger, primary, secondary, the_person_thinks
from admin_ui.components.html import div, p, text
from admin_ui.texts import _


@contextmanager
def dialog(title: str, description: str = "") -> Iterator[ui.dialog]:
    """A dialog with a heading, not opened yet; the block draws its content, with `dialog_actions` last.

    Escape and a click outside close it.
    """
    with ui.dialog() as shown, div("dialog") as panel:
        panel.props["role"] = "dialog"
        panel.props["aria-label"] = title
        text(title, "dialog-title", "h2")
        if description:
            p(description, "muted")
        yield shown


def gone_when_closed(shown: ui.dialog) -> None:
    """Removes the dialog from the page when it closes, with its content, which may be a secret."""

    def changed(change: ValueChangeEventArguments[bool]) -> None:
        if not change.value and not shown.is_deleted:
            shown.delete()

    shown.on_value_change(changed)


async def answer_of(shown: ui.dialog) -> Any:
    """Opens the dialog, and returns what it is submitted with; None if the person closes it. It is removed then."""
    with the_person_thinks():
        answer = await shown
    # A page that is left takes its dialogs with it.
    if not shown.is_deleted:
        shown.delete()
    return answer


@contextmanager
def dialog_actions() -> Iterator[None]:
    """The row of buttons at the end of a dialog."""
    with div("dialog-actions"):
        yield


async def confirm(title: str, explanation: str, verb: str, *, is_dangerous: bool = True) -> bool:
    """Asks before something is done; `verb` names it on the button, as in `Revoke key`. True if the person agrees."""
    with dialog(title, explanation) as asked, dialog_actions():
        secondary(_("Cancel"), lambda: asked.submit(False))
        button = danger if is_dangerous else primary
        button(verb, lambda: asked.submit(True))
    return bool(await answer_of(asked))
