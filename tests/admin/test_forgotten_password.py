"""A way back in: asking for a link, choosing a new password with it, and an owner who helps."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from nicegui import ui
from nicegui.testing import User
from smith.core.v1.account_service_pb2 import GetMemberRequest

from admin_ui.components.password_reset import PasswordReset
from admin_ui.core import Caller, Core
from tests.admin.conftest import Open, running_admin
from tests.admin.looking import named, press, sees
from tests.admin.plain import faults, shown, typed
from tests.core.conftest import NewDatabase
from tests.core.harness import PASSWORD, Account, start_account, start_core
from tests.core.mail_rig import start_mail_world
from tests.waiting import LONG

NEW = "another long password"


def form(user: User) -> httpx.AsyncClient:
    return user.http_client


def an_address() -> str:
    return f"person-{uuid.uuid4().hex[:12]}@team.test"


async def link_for(account: Account, email: str) -> str:
    """The path of a link with which somebody who joins now chooses a new password."""
    user_id = (await account.join(email)).member.user_id
    url = str((await account.owner.CreatePasswordResetLink(user_id=user_id)).url)
    return httpx.URL(url).path


async def test_who_asks_is_told_the_same_whether_somebody_has_the_address_or_not(admin: Open, account: Account) -> None:
    assert "/forgot-password" in (await form(admin()).get("/sign-in")).text
    pages = set()
    for email in (account.email, an_address()):
        answer = await form(admin()).post("/forgot-password", data={"email": email})
        assert answer.status_code == 200
        assert "a mail with a link is on its way" in shown(answer)
        assert f"smith account reset-password {email}" in shown(answer)
        pages.add(answer.text.replace(email, ""))
    assert len(pages) == 1


@pytest.mark.parametrize("email", ["", "nobody", "a b@team.test", "x" * 250 + "@team.test"])
async def test_what_is_no_address_is_said_at_its_field(admin: Open, account: Account, email: str) -> None:
    answer = await form(admin()).post("/forgot-password", data={"email": email})
    assert answer.status_code == 400
    assert set(faults(answer)) == {"email"}
    assert typed(answer) == {"email": email}


async def test_a_link_sets_a_password_once_and_leaves_no_trace(admin: Open, account: Account) -> None:
    email = an_address()
    path = await link_for(account, email)
    http = form(admin())
    for method in ("HEAD", "GET"):
        answer = await http.request(method, path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/reset-password")
        assert (answer.headers["referrer-policy"], answer.headers["cache-control"]) == ("no-referrer", "no-store")
        assert {"HttpOnly", "SameSite=lax"} <= set(answer.headers["set-cookie"].split("; "))
    page = await http.get("/reset-password")
    assert typed(page) == {"email": email, "new_password": ""}
    assert "pwr_" not in page.text
    answer = await http.post("/reset-password", data={"new_password": "short"})
    assert (answer.status_code, faults(answer)) == (
        400, {"new_password": "Choose a password of 10 characters or more."},
    )  # fmt: skip
    answer = await http.post("/reset-password", data={"new_password": NEW})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    page = await http.get("/sign-in")
    assert "Your new password is set. Sign in with it." in shown(page)
    assert typed(page)["email"] == email
    assert not http.cookies, "neither the link's secret nor the address is kept"
    assert (await http.post("/sign-in", data={"email": email, "password": PASSWORD})).status_code == 403
    assert (await http.post("/sign-in", data={"email": email, "password": NEW})).headers["location"] == "/"
    again = await form(admin()).get(path, follow_redirects=True)
    assert again.status_code == 404
    assert "This link cannot be used" in shown(again)


@pytest.mark.parametrize("path", [None, "/reset-password/pwr_nonsense", "/reset-password/pwr_%0d%0aSet-Cookie:x=y"])
async def test_a_link_that_leads_nowhere_says_what_to_do(admin: Open, account: Account, path: str | None) -> None:
    http = form(admin())
    if path:
        await http.get(path)
    page = await http.get("/reset-password")
    assert page.status_code == 404
    assert "Ask for another link" in shown(page)
    answer = await http.post("/reset-password", data={"new_password": NEW})
    assert (answer.status_code, answer.headers["location"]) == (303, "/reset-password")


async def test_an_owner_makes_a_link_to_pass_on(account: Account, admin: Open, owner: User) -> None:
    email = an_address()
    await account.join(email)
    await owner.open("/members")
    await press(owner, f"New password: {email}")
    await sees(owner, f"A link with which they choose a new password goes to {email}.")
    await press(owner, "Make a link to pass on")
    await sees(owner, "http://127.0.0.1:8080/reset-password/pwr_")
    assert not named(owner, ui.button, f"New password: {account.email}"), "one changes one's own with the present one"


async def test_no_link_into_another_workspace_is_made(account: Account, stranger: Account, owner: User) -> None:
    await account.join(stranger.email)
    await owner.open("/members")
    await press(owner, f"New password: {stranger.email}")
    await press(owner, "Make a link to pass on")
    await sees(owner, "send it by mail")
    await owner.should_not_see("pwr_")


@pytest_asyncio.fixture(loop_scope="session")
async def database_url(new_database: NewDatabase) -> AsyncIterator[str]:
    yield await asyncio.to_thread(new_database)


async def test_an_owner_sends_a_link_and_sees_that_the_mail_is_out(database_url: str) -> None:
    async with start_mail_world(database_url) as world, running_admin(world.core) as open_as:
        account, email = await start_account(world.core), an_address()
        await account.join(email)
        owner = open_as(account.session)
        await owner.open("/members")
        await press(owner, f"New password: {email}")
        await press(owner, "Send the link")
        await sees(owner, f"Mail to {email}:", "sent ")
        assert "/reset-password/pwr_" in (await world.box.mail_to(email)).text


async def test_a_link_that_is_shown_this_once_stays_when_the_state_of_a_mail_comes_after_it(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered, goes_on, looked = asyncio.Event(), asyncio.Event(), asyncio.Event()
    ask, look = Core.ask, PasswordReset._look

    async def hold(core: Core, caller: Caller, method: Any, request: Any) -> Any:
        answer = await ask(core, caller, method, request)
        if isinstance(request, GetMemberRequest) and answer.HasField("password_reset_mail"):
            answered.set()
            await goes_on.wait()
        return answer

    async def tell(dialog: PasswordReset) -> None:
        await look(dialog)
        if answered.is_set():
            looked.set()

    monkeypatch.setattr(Core, "ask", hold)
    monkeypatch.setattr(PasswordReset, "_look", tell)
    async with start_mail_world(database_url) as world, running_admin(world.core) as open_as:
        account, email = await start_account(world.core), an_address()
        await account.join(email)
        owner = open_as(account.session)
        await owner.open("/members")
        await press(owner, f"New password: {email}")
        await press(owner, "Send the link")
        await asyncio.wait_for(answered.wait(), LONG)
        await press(owner, "Make a link to pass on")
        await sees(owner, "/reset-password/pwr_")
        goes_on.set()
        await asyncio.wait_for(looked.wait(), LONG)
        assert owner.shows("/reset-password/pwr_")
        assert not owner.shows(f"Mail to {email}:")


async def test_without_a_mail_server_an_owner_is_told_to_pass_the_link_on(database_url: str) -> None:
    async with start_mail_world(database_url, smtp_host=None) as world, running_admin(world.core) as open_as:
        account, email = await start_account(world.core), an_address()
        await account.join(email)
        owner = open_as(account.session)
        await owner.open("/members")
        await press(owner, f"New password: {email}")
        await press(owner, "Send the link")
        await sees(owner, "No mail server is configured", "Make a link and pass it on yourself.")


async def test_who_guesses_links_is_told_when_to_go_on(database_url: str) -> None:
    async with start_core(database_url) as core, running_admin(core) as open_as:
        await start_account(core)
        http = form(open_as())
        await http.get("/reset-password/pwr_nonsense")
        statuses = {(await http.get("/reset-password")).status_code for _ in range(100)}
        assert statuses == {404}
        for answer in (await http.get("/reset-password"), await http.post("/reset-password", data={})):
            assert answer.status_code == 429
            assert 0 < int(answer.headers["retry-after"]) <= 900
            assert "Too many" in shown(answer)
