"""Signing in to the web admin, and out."""

import httpx
import pytest
from nicegui.testing import User

from tests.admin.conftest import Open
from tests.core.harness import PASSWORD, Account


def form(user: User) -> httpx.AsyncClient:
    return user.http_client


async def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(admin: Open) -> None:
    answer = await form(admin()).get("/?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/%3Fx%3D1")


async def test_the_right_password_opens_a_session_that_lives_in_a_cookie_no_script_reads(
    admin: Open, account: Account
) -> None:
    user = admin()
    answer = await form(user).post("/sign-in", data={"email": account.email, "password": PASSWORD, "next": "/"})
    cookie = answer.headers["set-cookie"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert cookie.startswith("smith_session=ses_")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    await user.open("/")
    await user.should_see("Overview")
    assert "ses_" not in (await form(user).get("/")).text


async def test_a_wrong_password_is_said_to_be_wrong(admin: Open, account: Account) -> None:
    user = admin()
    answer = await form(user).post("/sign-in", data={"email": account.email, "password": "wrong"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?problem=wrong")
    await user.open("/sign-in?problem=wrong")
    await user.should_see("The e-mail address or the password is wrong.")


@pytest.mark.parametrize("target", ["https://evil.test/", "//evil.test", "/\\evil.test", "evil", "/\r\nx"])
async def test_nobody_is_sent_elsewhere_after_signing_in(admin: Open, account: Account, target: str) -> None:
    data = {"email": account.email, "password": PASSWORD, "next": target}
    assert (await form(admin()).post("/sign-in", data=data)).headers["location"] == "/"


async def test_signing_out_ends_the_session_itself(admin: Open, account: Account, owner: User) -> None:
    session = dict(form(owner).cookies)["smith_session"]
    answer = await form(owner).post("/sign-out")
    assert answer.headers["location"] == "/sign-in"
    assert (await form(admin(session)).get("/")).headers["location"] == "/sign-in"
