"""Signing in to the web admin, and out."""

import httpx
import pytest
from nicegui import Client
from nicegui.testing import User

from tests.admin.conftest import Open
from tests.admin.plain import faults, shown, typed
from tests.core.harness import PASSWORD, Account


def form(user: User) -> httpx.AsyncClient:
    return user.http_client


async def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(admin: Open, account: Account) -> None:
    answer = await form(admin()).get("/?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/%3Fx%3D1")
    page = await form(admin()).get(answer.headers["location"])
    assert typed(page)["next"] == "/?x=1"


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


async def test_a_wrong_password_is_said_to_be_wrong_and_the_address_need_not_be_typed_again(
    admin: Open, account: Account
) -> None:
    answer = await form(admin()).post(
        "/sign-in", data={"email": account.email, "password": "wrong one", "next": "/members"}
    )
    assert answer.status_code == 403
    assert faults(answer) == {"": "The e-mail address or the password is wrong."}
    assert typed(answer) == {"email": account.email, "password": "", "next": "/members"}
    assert "wrong one" not in answer.text


async def test_an_address_that_cannot_exist_is_answered_as_any_other(admin: Open) -> None:
    answer = await form(admin()).post("/sign-in", data={"email": '"><script>', "password": "some password"})
    assert (answer.status_code, faults(answer)) == (403, {"": "The e-mail address or the password is wrong."})
    assert typed(answer)["email"] == '"><script>'
    assert "<script>" not in answer.text


async def test_what_was_left_out_is_said_at_its_field(admin: Open) -> None:
    answer = await form(admin()).post("/sign-in", data={})
    assert answer.status_code == 400
    assert faults(answer) == {"email": "Enter your e-mail address.", "password": "Enter your password."}


async def test_who_guesses_is_told_when_to_go_on(admin: Open, account: Account) -> None:
    http = form(admin())
    data = {"email": account.email, "password": "a guess"}
    statuses = [(await http.post("/sign-in", data=data)).status_code for _ in range(10)]
    answer = await http.post("/sign-in", data=data)
    assert statuses == [403] * 10
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 900
    assert faults(answer)[""].startswith("Too many attempts. Try again in 1")


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"\xff\xfe=%ff%fe&email=%ed%a0%80&password=%00", None, 403),
        (b"&".join(b"email=%d" % number for number in range(30)), None, 400),
        (b'--x\r\ncontent-disposition: form-data; name="email"\r\n\r\n+2AA-\r\n--x--',
         "multipart/form-data; boundary=x", 415),
        (b'{"email": 1}', "application/json", 415),
    ],
)  # fmt: skip
async def test_what_no_form_of_ours_sends_is_refused_in_peace(
    admin: Open, content: bytes, kind: str | None, status: int
) -> None:
    headers = {"content-type": kind or "application/x-www-form-urlencoded"}
    assert (await form(admin()).post("/sign-in", content=content, headers=headers)).status_code == status


@pytest.mark.parametrize("target", ["https://evil.test/", "//evil.test", "/\\evil.test", "evil", "/\r\nx", "/" * 3000])
async def test_no_person_is_sent_elsewhere_after_signing_in(admin: Open, account: Account, target: str) -> None:
    data = {"email": account.email, "password": PASSWORD, "next": target}
    assert (await form(admin()).post("/sign-in", data=data)).headers["location"] == "/"


async def test_who_is_signed_in_already_is_sent_on(owner: User) -> None:
    for asked, expected in (("/sign-in", "/"), ("/sign-in?ended=1", "/"), ("/sign-in?next=/members", "/members")):
        answer = await form(owner).get(asked)
        assert (answer.status_code, answer.headers["location"]) == (303, expected)


async def test_a_session_that_has_ended_is_said_to_have_and_is_forgotten(admin: Open, account: Account) -> None:
    user = admin("ses_of_long_ago")
    answer = await form(user).get("/sign-in?ended=1")
    assert "Your session has ended. Sign in again." in shown(answer)
    assert {'smith_session=""', "Max-Age=0"} <= set(answer.headers["set-cookie"].split("; "))


async def test_signing_out_ends_the_session_itself(admin: Open, account: Account, owner: User) -> None:
    session = dict(form(owner).cookies)["smith_session"]
    answer = await form(owner).post("/sign-out")
    assert answer.headers["location"] == "/sign-in"
    assert (await form(admin(session)).get("/")).headers["location"] == "/sign-in"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/sign-in", 200), ("/setup", 303), ("/invite", 404), ("/", 303), ("/members", 303), ("/devices/x", 404)],
)
@pytest.mark.parametrize("session", [None, "ses_made_up"])
async def test_a_stranger_costs_no_page(
    admin: Open, account: Account, path: str, status: int, session: str | None
) -> None:
    http = form(admin(session))
    answers = [await http.get(path) for _ in range(30)]
    assert {answer.status_code for answer in answers} == {status}
    assert not Client.instances


async def test_the_pages_need_no_script_and_have_no_style_of_their_own(admin: Open, account: Account) -> None:
    page = (await form(admin()).get("/sign-in")).text
    assert 'method="post"' in page
    assert "style=" not in page
    assert "<style" not in page
    assert page.count("<script") == page.count('<script src="/assets/') == 1
