"""Accepting an invite: opening its link uses nothing up, and its secret is nowhere to be seen."""

import asyncio
import uuid

import httpx
import pytest
from nicegui.testing import User

from tests.admin.conftest import Open, running_admin
from tests.admin.looking import sees
from tests.admin.plain import faults, shown, typed
from tests.core.conftest import NewDatabase
from tests.core.harness import PASSWORD, Account, start_account
from tests.core.mail_rig import LINK, start_mail_world


async def invited(account: Account, email: str) -> str:
    """The path of a link for the address."""
    await account.owner.CreateInvites(emails=[email])
    return f"/invite/{await account.invite_token(email)}"


@pytest.fixture
def email() -> str:
    """Of a person who is not known yet."""
    return f"person-{uuid.uuid4().hex[:12]}@team.test"


def form(user: User) -> httpx.AsyncClient:
    return user.http_client


async def test_a_link_is_opened_as_often_as_one_likes_and_leaves_no_trace(
    admin: Open, account: Account, email: str
) -> None:
    path = await invited(account, email)
    for scanner in (admin(), admin()):
        for method in ("HEAD", "GET"):
            answer = await form(scanner).request(method, path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/invite")
            assert (answer.headers["referrer-policy"], answer.headers["cache-control"]) == ("no-referrer", "no-store")
            assert {"HttpOnly", "SameSite=lax"} <= set(answer.headers["set-cookie"].split("; "))
        page = await form(scanner).get("/invite")
        assert page.status_code == 200
        assert "inv_" not in page.text
    page = await form(admin()).get(path, follow_redirects=True)
    for words in ("Join Acme", f"{account.email} invites you to join Acme as a member.", "Your name"):
        assert words in shown(page)
    assert typed(page) == {"email": email, "name": "", "password": ""}


async def test_somebody_new_chooses_name_and_password_and_is_signed_in(
    admin: Open, account: Account, email: str
) -> None:
    user = admin()
    await form(user).get(await invited(account, email))
    answer = await form(user).post("/invite", data={"name": " Ann ", "password": "ten letters"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert set(form(user).cookies) == {"smith_session"}, "the invite's secret is forgotten"
    await user.open("/members")
    await sees(user, "Ann", email, account.email)


async def test_a_link_that_was_passed_on_does_not_tell_whether_the_address_has_a_login(
    admin: Open, account: Account, stranger: Account, email: str
) -> None:
    pages = set()
    for address in (stranger.email, email):
        page = await form(admin()).get(await invited(account, address), follow_redirects=True)
        assert page.status_code == 200
        pages.add(page.text.replace(address, ""))
    assert len(pages) == 1


async def test_a_link_that_came_by_mail_says_which_password_is_asked_for(new_database: NewDatabase) -> None:
    url = await asyncio.to_thread(new_database)
    async with start_mail_world(url) as world, running_admin(world.core) as open_as:
        account, other = await start_account(world.core), await start_account(world.core)
        for address, words in ((other.email, "You sign in to this server already."), ("new@team.test", "Your name")):
            await account.owner.CreateInvites(emails=[address])
            [link] = set(LINK.findall((await world.box.mail_to(address)).text))
            page = await form(open_as()).get(f"/invite/{link}", follow_redirects=True)
            assert words in shown(page)
            assert ("name" in typed(page)) == (words == "Your name")


async def test_somebody_with_a_login_enters_its_password(admin: Open, account: Account, stranger: Account) -> None:
    user = admin()
    page = await form(user).get(await invited(account, stranger.email), follow_redirects=True)
    assert "If you sign in to this server already, your password" in shown(page)
    answer = await form(user).post("/invite", data={"password": "wrong password"})
    assert (answer.status_code, faults(answer)) == (403, {"password": "The password is wrong."})
    assert "wrong password" not in answer.text
    assert (await form(user).post("/invite", data={"password": PASSWORD})).headers["location"] == "/"
    await user.open("/members")
    await sees(user, account.email)


async def test_all_that_is_wrong_is_said_at_its_field_and_uses_nothing_up(
    admin: Open, account: Account, email: str
) -> None:
    user = admin()
    await form(user).get(await invited(account, email))
    answer = await form(user).post("/invite", data={"name": "x" * 101, "password": "short"})
    assert answer.status_code == 400
    assert faults(answer) == {
        "name": "This has 101 characters. 100 is the most.",
        "password": "Choose a password of 10 characters or more.",
    }
    answer = await form(user).post("/invite", data={"name": "<b>Ann", "password": "short"})
    assert typed(answer) == {"email": email, "name": "<b>Ann", "password": ""}
    assert "<b>" not in answer.text
    answer = await form(user).post("/invite", data={"name": "Ann", "password": "ten letters"})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("how", ["used", "revoked", "nonsense", "none"])
async def test_a_link_that_leads_nowhere_says_what_to_do(admin: Open, account: Account, email: str, how: str) -> None:
    user, path = admin(), await invited(account, email)
    if how == "used":
        await account.core.caller().AcceptInvite(token=path.rpartition("/")[2], password="ten letters")
    elif how == "revoked":
        [invite] = (await account.owner.ListInvites()).invites
        await account.owner.RevokeInvite(invite_id=invite.id)
    elif how == "nonsense":
        path = "/invite/inv_%0d%0aSet-Cookie:x=y"
    if how != "none":
        await form(user).get(path)
    page = await form(user).get("/invite")
    assert page.status_code == 404
    assert "This invite cannot be used" in page.text
    answer = await form(user).post("/invite", data={"name": "Ann", "password": "ten letters"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/invite")
    assert "smith_session" not in form(user).cookies
