"""The cards with which owners export and delete a workspace, and people their own login."""

from collections.abc import Mapping

from nicegui import ui
from smith.core.v1.account_data_service_pb2 import (
    DeleteAccountRequest,
    DeleteAccountResponse,
    DeleteProfileRequest,
    DeleteProfileResponse,
)

from admin_ui.components.buttons import danger, link_button
from admin_ui.components.html import div, p, text
from admin_ui.components.layout import card
from admin_ui.components.proof import Proof, ask_with_proof
from admin_ui.leaving.export import path_of
from admin_ui.texts import _, ngettext
from admin_ui.visit import Visit

DELETE_WORKSPACE, DELETE_LOGIN = "delete-workspace", "delete-login"
"""What the cards are called in addresses."""
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
    about = _("It cannot be undone, and there is no time to think it over afterwards.")
    with card(_("Delete this workspace"), about, anchor=DELETE_WORKSPACE):
        _listed(WHAT_GOES)
        p(_("What stays: {things}").format(things=WHAT_STAYS), "muted small")
        stage = div("hidden")
        with div("cluster"):
            danger(_("Delete workspace…"), lambda: _ask_to_delete(visit, stage))


def leave_card(visit: Visit) -> None:
    """For everybody: the end of their own login."""
    about = ngettext(
        "You leave this workspace, your devices are unpaired and your login is deleted. Audit logs keep your address.",
        "You leave all your {count} workspaces, your devices are unpaired and your login is deleted. Audit logs keep "
        "your address.",
        len(visit.accounts),
    ).format(count=len(visit.accounts))
    with card(_("Delete your login"), about, anchor=DELETE_LOGIN):
        stage = div("hidden")
        with div("cluster"):
            danger(_("Delete my login…"), lambda: _ask_to_leave(visit, stage))


async def _ask_to_delete(visit: Visit, stage: ui.element) -> None:
    name = visit.account.name
    typed: dict[str, ui.input] = {}

    def draw() -> Mapping[str, ui.input]:
        typed["account_name"] = ui.input(_("Type {name} to confirm").format(name=name)).props(
            "maxlength=100 autocomplete=off"
        )
        return typed

    async def delete(proof: Proof) -> DeleteAccountResponse:
        request = DeleteAccountRequest(account_name=typed["account_name"].value or "", password=proof.password)
        return await visit.ask(visit.core.account_data.DeleteAccount, request)

    deleted = await ask_with_proof(
        visit,
        stage,
        _("Delete {name}?").format(name=name),
        _("Everything in this workspace is deleted for good."),
        verb=_("Delete workspace"),
        submit=delete,
        back=DELETE_WORKSPACE,
        draw=draw,
        instead={"account_name": _("The name must be the name of the account")},
        button=danger,
        always=True,
        name="password",
    )
    if deleted is not None:
        ui.navigate.to("/sign-in")


async def _ask_to_leave(visit: Visit, stage: ui.element) -> None:
    about = ngettext(
        "You leave this workspace at once. An invite can bring you back, as a new person.",
        "You leave all your {count} workspaces at once. An invite can bring you back, as a new person.",
        len(visit.accounts),
    ).format(count=len(visit.accounts))

    async def leave(proof: Proof) -> DeleteProfileResponse:
        request = DeleteProfileRequest(password=proof.password)
        return await visit.ask(visit.core.account_data.DeleteProfile, request)

    left = await ask_with_proof(
        visit,
        stage,
        _("Delete your login?"),
        about,
        verb=_("Delete my login"),
        submit=leave,
        back=DELETE_LOGIN,
        button=danger,
        always=True,
        name="password",
    )
    if left is not None:
        ui.navigate.to("/sign-in")


def _listed(sentences: tuple[str, ...]) -> None:
    with ui.element("ul"):
        for sentence in sentences:
            text(sentence, tag="li")
