"""The dialog that shows recovery codes, once."""

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import quote

from nicegui import ui

from admin_ui.components.buttons import primary
from admin_ui.components.copying import copy_button
from admin_ui.components.dialogs import dialog, dialog_actions, gone_when_closed
from admin_ui.components.html import div, p, text
from admin_ui.components.states import notice
from admin_ui.texts import _

FILE = "activitysmith-recovery-codes.txt"


def show_codes(stage: ui.element, codes: Sequence[str], done: Callable[[], Awaitable[None]] | None = None) -> None:
    """Shows the codes in a dialog that only its button closes, so that a stray click does not lose them. `done` is
    awaited then. `stage` is a part of the page that is never cleared."""
    lines = "\n".join(codes)

    async def close() -> None:
        shown.close()
        if done is not None:
            await done()

    with stage, dialog(_("Your recovery codes")) as shown:
        shown.props("persistent")
        notice(
            "warn", _("Keep them now"), _("They are shown this once. Each signs you in once if you lose your phone.")
        )
        with ui.element("ul").classes("recovery-codes") as listed:
            listed.props["aria-label"] = _("Recovery codes")
            for code in codes:
                text(code, "", "li")
        with div("cluster"):
            copy_button(lines, _("Copy recovery codes"))
            link = ui.element("a").classes("link")
            link.props["download"] = FILE
            link.props["href"] = f"data:text/plain;charset=utf-8,{quote(lines + chr(10))}"
            with link:
                text(_("Download them as a file"))
        p(_("Print them, or put them into your password manager. Do not keep them on the phone alone."), "muted small")
        with dialog_actions():
            primary(_("I have kept them"), close)
    gone_when_closed(shown)
    shown.open()
