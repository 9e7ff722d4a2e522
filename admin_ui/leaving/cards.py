"""The cards with which owners export and delete a workspace, and people their own login."""

from collections.abc import Awaitable, Callable

from nicegui import ui
from smith.core.v1.account_data_service_pb2 import DeleteAccountRequest, DeleteProfileRequest

from admin_ui.components.buttons import danger, link_button, secondary
from admin_ui.components.dialogs import dialog, dialog_actions, gone_when_closed
from admin_ui.components.form_words import show_refusal
from admin_ui.components.html import div, p, text
from admin_ui.components.layout import card
from admin_ui.core import Refused
from admin_ui.leaving.export import path_of
from admin_ui.page_task import on_page
from admin_ui.texts import _, ngettext
from admin_ui.visit import Visit

WHAT_GOES = (
    _("All API keys stop working at once, and everybody is signed out."),
    _("Running Live Activities are taken off the phones. Messages that still wait are not sent."),
    _("All phones and browsers are unpaired, and everything that was sent is deleted, with the audit log."),
    _("People who are in other workspaces of this server keep their login. All other logins are deleted."),
)
WHAT_STAYS = _(
    "Backups that were made before, and the server's own log: it says who has deleted the workspace. What phones "
    "already show of past messages stays there until people swipe it away."
)


def export_card(visit: Visit) -> None:
    """For owners: the download of everything."""
    about = _("One JSON file with people, devices, messages, Live Activities and the audit log. It has no secrets.")
    with card(_("Your data"), about), div("cluster"):
        link = link_button(_("Export everything"), path_of(visit.account), icon="download")
        link.props["download"] = True


def delete_card(visit: Visit) -> None:
    """For owners: the end of the workspace."""
    with card(_("Delete this workspace"), _("It cannot be undone, and there is no time to think it over afterwards.")):
        _listed(WHAT_GOES)
        p(_("What stays: {things}").format(things=WHAT_STAYS), "muted small")
        with div("cluster"):
            danger(_("Delete workspace…"), lambda: _ask_to_delete(visit))


def leave_card(visit: Visit) -> None:
    """For everybody: the end of their own login."""
    about = ngettext(
        "You leave this workspace, your devices are unpaired and your login is deleted. Audit logs keep your address.",
        "You leave all your {count} workspaces, your devices are unpaired and your login is deleted. Audit logs keep "
        "your address.",
        len(visit.accounts),
    ).format(count=len(visit.accounts))
    with card(_("Delete your login"), about), div("cluster"):
        danger(_("Delete my login…"), lambda: _ask_to_leave(visit))


def _ask_to_delete(visit: Visit) -> None:
    name = visit.account.name
    with dialog(_("Delete {name}?").format(name=name), _("Everything in this workspace is deleted for good.")) as shown:
        gone_when_closed(shown)
        typed = ui.input(_("Type {name} to confirm").format(name=name)).props("maxlength=100 autocomplete=off")
        password = _password()

        async def delete() -> None:
            request = DeleteAccountRequest(account_name=typed.value or "", password=password.value or "")
            labels = {"account_name": _("The name"), "password": _("Your password")}
            fields = {"account_name": typed, "password": password}
            if await _accepted(lambda: visit.ask(visit.core.account_data.DeleteAccount, request), fields, labels):
                ui.navigate.to("/sign-in")

        password.on("keydown.enter", on_page(delete))
        with dialog_actions():
            secondary(_("Cancel"), shown.close)
            danger(_("Delete workspace"), delete)
    shown.open()


def _ask_to_leave(visit: Visit) -> None:
    about = ngettext(
        "You leave this workspace at once. An invite can bring you back, as a new person.",
        "You leave all your {count} workspaces at once. An invite can bring you back, as a new person.",
        len(visit.accounts),
    ).format(count=len(visit.accounts))
    with dialog(_("Delete your login?"), about) as shown:
        gone_when_closed(shown)
        password = _password()

        async def leave() -> None:
            request = DeleteProfileRequest(password=password.value or "")
            ask = visit.core.account_data.DeleteProfile
            if await _accepted(
                lambda: visit.ask(ask, request), {"password": password}, {"password": _("Your password")}
            ):
                ui.navigate.to("/sign-in")

        password.on("keydown.enter", on_page(leave))
        with dialog_actions():
            secondary(_("Cancel"), shown.close)
            danger(_("Delete my login"), leave)
    shown.open()


async def _accepted(ask: Callable[[], Awaitable[object]], fields: dict[str, ui.input], labels: dict[str, str]) -> bool:
    """Whether core has done it. Otherwise the field that is wrong says so. Raises Refused if none is."""
    for field in fields.values():
        field.error = None
    try:
        await ask()
    except Refused as refusal:
        if refusal.reason == "FORBIDDEN" and "password" in refusal.message:
            fields["password"].error = _("This is not your password.")
            return False
        name, words = show_refusal(refusal, labels)
        if not name:
            raise
        fields[name].error = words
        return False
    return True


def _password() -> ui.input:
    field = ui.input(_("Your password"), password=True, password_toggle_button=True)
    return field.props("maxlength=200 autocomplete=current-password")


def _listed(sentences: tuple[str, ...]) -> None:
    with ui.element("ul"):
        for sentence in sentences:
            text(sentence, tag="li")
