"""An owner exports and deletes a workspace, and a person deletes their login, on their pages."""

import json
import re

import pytest
from nicegui import ui
from nicegui.testing import User

from admin_ui.leaving.export import file_name
from tests.admin.conftest import Open
from tests.admin.looking import fill, named, press, sees, sees_no
from tests.core.harness import PASSWORD, Account, refused_with
from tests.waiting import eventually_async

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_owner_downloads_everything_under_a_sensible_name(admin: Open, account: Account) -> None:
    person = admin(account.session)
    answer = await person.http_client.get("/export.json", params={"account": account.id})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert re.fullmatch(r'attachment; filename="acme-\d{4}-\d\d-\d\d\.json"', answer.headers["content-disposition"])
    export = json.loads(answer.text)
    assert (export["account"]["id"], export["complete"]) == (account.id, True)


async def test_a_member_and_a_stranger_download_nothing(admin: Open, account: Account, stranger: Account) -> None:
    _, member = await account.add_member()
    refused = await admin(member.secret).http_client.get("/export.json", params={"account": account.id})
    assert refused.status_code == 403
    for person in (admin(), admin(stranger.session)):
        answer = await person.http_client.get("/export.json", params={"account": account.id}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, answer.headers["location"])
        assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize(
    ("name", "expected"), [("Acme Berlin!", "acme-berlin-d.json"), ("日本", "workspace-d.json"), ("../x", "x-d.json")]
)
async def test_a_file_is_named_after_the_workspace(name: str, expected: str) -> None:
    assert file_name(name, "d") == expected


async def test_an_owner_deletes_the_workspace_once_they_have_typed_its_name(owner: User, account: Account) -> None:
    await owner.open("/settings")
    await sees(owner, "All API keys stop working at once, and everybody is signed out.")
    await press(owner, "Delete workspace…")
    await fill(owner, "Type Acme to confirm", "Acmee")
    await fill(owner, "Your password", PASSWORD)
    await press(owner, "Delete workspace")

    async def complaint() -> bool:
        [field] = named(owner, ui.input, "Type Acme to confirm")
        return field.error == "The name must be the name of the account"

    await eventually_async("the field says what is wrong", complaint)
    await fill(owner, "Type Acme to confirm", "Acme")
    await press(owner, "Delete workspace")

    async def is_gone() -> bool:
        return (await account.core.sql("SELECT closed_at FROM accounts WHERE id = %s", account.id)) != [(None,)]

    await eventually_async("the workspace is closed", is_gone)
    await refused_with("UNAUTHENTICATED", account.owner.GetAccount())


async def test_a_member_is_not_offered_it(member: User) -> None:
    await member.open("/settings")
    await sees(member, "An owner can change these.")
    await sees_no(member, "Delete workspace…")
    await sees_no(member, "Export everything")


async def test_a_person_deletes_their_login_with_their_password(member: User, account: Account) -> None:
    await member.open("/account")
    await press(member, "Delete my login…")
    await fill(member, "Your password", "wrong")
    await press(member, "Delete my login")

    async def complaint() -> bool:
        [field] = named(member, ui.input, "Your password")
        return field.error == "This is not your password."

    await eventually_async("the field says what is wrong", complaint)
    await fill(member, "Your password", PASSWORD)
    await press(member, "Delete my login")

    async def is_gone() -> bool:
        return len((await account.owner.ListMembers()).members) == 1

    await eventually_async("they are no member any more", is_gone)
