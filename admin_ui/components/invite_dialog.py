"""The dialog that invites people."""

import re
from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui
from smith.core.v1.account_pb2 import ROLE_MEMBER, ROLE_OWNER
from smith.core.v1.invite_service_pb2 import CreateInvitesRequest, InviteResult

from admin_ui.components.buttons import primary, secondary
from admin_ui.components.dialogs import dialog, dialog_actions
from admin_ui.components.form_words import show_refusal
from admin_ui.components.html import div, p, text
from admin_ui.components.states import notice
from admin_ui.core import Refused
from admin_ui.texts import _, ngettext
from admin_ui.visit import Visit

MAX_EMAILS = 100
MAILED = _("Each person gets a mail with a link that works for 7 days.")
KEPT = _(
    "No mail server is set: the simulator keeps the mails, and no person gets one. Copy the link of each invite from "
    "the list and pass it on yourself; it works for 7 days."
)
MAX_TEXT = 30_000
ROLES = {ROLE_MEMBER: _("Member: standard access"), ROLE_OWNER: _("Owner: full access")}

_bracketed = re.compile(r"<([^<>\n]*)>")
_ends_of_names = ",;\n<>"
_separator = re.compile(r"[\s,;]+")


def addresses_in(words: str) -> list[str]:
    """The e-mail addresses of a text, each once, unchecked. Commas, semicolons or white space separate them.

    Of `Ann Smith <ann@example.com>`, as mail programs write it, the address counts.
    """
    parts: list[str] = []
    end = 0
    # One expression for a name with its address would take quadratic time in the length of the name.
    for found in _bracketed.finditer(words):
        before = words[end : found.start()]
        parts += (before[: max(map(before.rfind, _ends_of_names)) + 1], found[1])
        end = found.end()
    parts.append(words[end:])
    return list(dict.fromkeys(part for part in _separator.split(" ".join(parts)) if part))


class InviteDialog:
    """Asks for addresses and a role, sends invites, and names the addresses that were not invited."""

    def __init__(self, visit: Visit, on_invited: Callable[[], Awaitable[None]]) -> None:
        """Call it in a part of the page that is never cleared: the dialog would go with it."""
        self._visit = visit
        self._on_invited = on_invited
        about = KEPT if visit.destinations.mails_are_simulated else MAILED
        with dialog(_("Invite members"), about) as self._dialog:
            self._emails = ui.textarea(_("E-mail addresses"), placeholder=_("ann@example.com, bob@example.com"))
            self._emails.props(f"autofocus maxlength={MAX_TEXT} input-style='min-height: 96px'")
            self._emails.props["hint"] = _("Separate several with commas, spaces or new lines.")
            self._role = ui.select(ROLES, label=_("Role"), value=ROLE_MEMBER)
            self._remarks = div("stack").props("aria-live=polite")
            with dialog_actions():
                secondary(_("Cancel"), self._dialog.close)
                primary(_("Invite"), self._send)

    def open(self) -> None:
        """Shows it, empty."""
        self._emails.value = ""
        self._emails.error = None
        self._role.value = ROLE_MEMBER
        self._remarks.clear()
        self._dialog.open()

    async def _send(self) -> None:
        emails = addresses_in((self._emails.value or "")[:MAX_TEXT])
        self._remarks.clear()
        self._emails.error = self._mistake(emails)
        if self._emails.error:
            return
        request = CreateInvitesRequest(emails=emails, role=self._role.value)
        try:
            answer = await self._visit.ask(self._visit.core.invites.CreateInvites, request)
        except Refused as refusal:
            if refusal.is_signed_out:
                raise
            self._emails.error = show_refusal(refusal, {"emails": _("E-mail addresses")})[1]
            return
        refused = [result for result in answer.results if not result.HasField("invite")]
        self._tell(len(answer.results) - len(refused), refused)
        await self._on_invited()

    def _mistake(self, emails: Sequence[str]) -> str | None:
        if not emails:
            return _("Enter at least one e-mail address.")
        if len(emails) > MAX_EMAILS:
            return _("These are {count} addresses; {max_emails} can be invited at once.").format(
                count=len(emails), max_emails=MAX_EMAILS
            )
        return None

    def _tell(self, invited: int, refused: Sequence[InviteResult]) -> None:
        sent = ngettext("{count} person invited.", "{count} people invited.", invited).format(count=invited)
        if not refused:
            self._dialog.close()
            ui.notify(sent, type="positive")
            return
        self._emails.value = "\n".join(result.email for result in refused)
        with self._remarks:
            rest = ngettext("{count} could not be:", "{count} could not be:", len(refused)).format(count=len(refused))
            title = f"{sent} {rest}" if invited else _("No one was invited:")
            with notice("warn", title), ui.element("ul"):
                for result in refused:
                    with ui.element("li"):
                        text(result.email, "strong")
                        p(result.message)
