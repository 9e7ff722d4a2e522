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
from admin_ui.visit import Visit

DELETE_WORKSPACE, DELETE_LOGIN = "delete-workspace", "delete-login"
"""What the cards are called in addresses."""
WHAT_GOES = (
    "All API keys stop working at once, and everybody is signed out.",
    "Running Live Activities are taken off the phones. Messages that still wait are not sent.",
    "All phones and browsers are unpaired, and everything that was sent is deleted, with the audit log.",
    "People who are in other workspaces of this server keep their login. All other logins are deleted.",
)
WHAT_STAYS = (
    "Backups that were made before, and the server's own log: it says who has deleted the workspace. What phones "
    "already show of past messages stays there until people swipe it away."
)


def export_card(visit: Visit) -> None:
    """For owners: the download of everything."""
    about = "One JSON file with people, devices, messages, Live Activities and the audit log. It has no secrets."
    with card("Your data", about), div("cluster"):
        link = link_button("Export everything", path_of(visit.account), icon="download")
        link.props["download"] = True


def delete_card(visit: Visit) -> None:
    """For owners: the end of the workspace."""
    about = "It cannot be undone, and there is no time to think it over afterwards."
    with card("Delete this workspace", about, anchor=DELETE_WORKSPACE):
        _listed(WHAT_GOES)
        p(f"What stays: {WHAT_STAYS}", "muted small")
        stage = div("hidden")
        with div("cluster"):
            danger("Delete workspace…", lambda: _ask_to_delete(visit, stage))


def leave_card(visit: Visit) -> None:
    """For everybody: the end of their own login."""
    several = len(visit.accounts) > 1
    where = f"all your {len(visit.accounts)} workspaces" if several else "this workspace"
    about = f"You leave {where}, your devices are unpaired and your login is deleted. Audit logs keep your address."
    with card("Delete your login", about, anchor=DELETE_LOGIN):
        stage = div("hidden")
        with div("cluster"):
            danger("Delete my login…", lambda: _ask_to_leave(visit, stage, where))


async def _ask_to_delete(visit: Visit, stage: ui.element) -> None:
    name = visit.account.name
    typed: dict[str, ui.input] = {}

    def draw() -> Mapping[str, ui.input]:
        typed["account_name"] = ui.input(f"Type {name} to confirm").props("maxlength=100 autocomplete=off")
        return typed

    async def delete(proof: Proof) -> DeleteAccountResponse:
        request = DeleteAccountRequest(account_name=typed["account_name"].value or "", password=proof.password)
        return await visit.ask(visit.core.account_data.DeleteAccount, request)

    deleted = await ask_with_proof(
        visit,
        stage,
        f"Delete {name}?",
        "Everything in this workspace is deleted for good.",
        verb="Delete workspace",
        submit=delete,
        back=DELETE_WORKSPACE,
        draw=draw,
        instead={"account_name": "The name must be the name of the account"},
        button=danger,
        always=True,
        name="password",
    )
    if deleted is not None:
        ui.navigate.to("/sign-in")


async def _ask_to_leave(visit: Visit, stage: ui.element, where: str) -> None:
    async def leave(proof: Proof) -> DeleteProfileResponse:
        request = DeleteProfileRequest(password=proof.password)
        return await visit.ask(visit.core.account_data.DeleteProfile, request)

    left = await ask_with_proof(
        visit,
        stage,
        "Delete your login?",
        f"You leave {where} at once. An invite can bring you back, as a new person.",
        verb="Delete my login",
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
