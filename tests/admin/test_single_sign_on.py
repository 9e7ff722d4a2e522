"""Signing in with the login of another service, as the web admin does it; core's part has tests of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio
from nicegui.testing import User

from tests.admin.conftest import Open
from tests.admin.plain import faults, shown
from tests.core.conftest import NewDatabase
from tests.core.harness import PASSWORD, Account, Core, start_core
from tests.core.openid_rig import ASKING_AGAIN, OpenIdProvider, Person, running_provider, settings_for
from tests.waiting import LONG

HERE = "http://admin.test"


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    """The other service."""
    with running_provider() as running:
        yield running


@pytest.fixture
def asleep(provider: OpenIdProvider) -> Iterator[OpenIdProvider]:
    """The same, at which the person signed in a day ago, and which asks them again for nothing."""
    provider.session_age, provider.asks_again_for = 86_400.0, frozenset()
    yield provider
    provider.heal()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def core(new_database: NewDatabase, provider: OpenIdProvider) -> AsyncIterator[Core]:
    """A core that signs people in by it; the tests have an account each, so their people are invited."""
    settings = settings_for(provider, oidc_owner_groups="", oidc_member_groups="", admin_url=HERE)
    async with start_core(await asyncio.to_thread(new_database), **settings) as running:
        yield running


async def go(user: User, following: str = "/") -> httpx.Response:
    """Begins, and answers where the browser is sent."""
    return await user.http_client.get("/single-sign-on", params={"next": following})


async def test_a_browser_at_another_name_of_this_machine_is_sent_where_it_will_come_back_to(
    admin: Open, account: Account
) -> None:
    user = admin()
    public = str(user.http_client.base_url).rstrip("/")
    answer = await user.http_client.get("/single-sign-on?next=/members", headers={"host": "localhost:8080"})
    assert answer.headers["location"] == f"{public}/single-sign-on?here=1&next=/members"
    assert "set-cookie" not in answer.headers


async def come_back(user: User, sent: httpx.Response) -> httpx.Response:
    """Visits the other service and comes back."""
    async with httpx.AsyncClient(trust_env=False, timeout=LONG) as elsewhere:
        answer = await elsewhere.get(sent.headers["location"])
    return await user.http_client.get(answer.headers["location"].removeprefix(HERE))


def as_owner(provider: OpenIdProvider, account: Account) -> None:
    """The owner is signed in at the other service."""
    provider.person = Person(f"owner of {account.id}", account.email)


async def test_the_page_for_signing_in_offers_the_service_by_its_name(admin: Open, account: Account) -> None:
    page = await admin().http_client.get("/sign-in?next=/members%3Fx%3D1")
    assert 'href="/single-sign-on?next=/members%3Fx%3D1">Continue with Example</a>' in page.text
    assert "or with a password" in shown(page)


async def test_a_person_comes_back_signed_in_to_the_page_that_they_wanted(
    admin: Open, account: Account, provider: OpenIdProvider
) -> None:
    as_owner(provider, account)
    user = admin()
    sent = await go(user, "/members?x=1")
    assert sent.status_code == 303
    assert sent.headers["location"].startswith(f"{provider.url}/authorize?")
    cookie = sent.headers["set-cookie"]
    assert cookie.startswith('smith_single_sign_on="sso_')
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    back = await come_back(user, sent)
    assert (back.status_code, back.headers["location"]) == (303, "/members?x=1")
    cookies = back.headers.get_list("set-cookie")
    assert any(one.startswith("smith_session=ses_") and "HttpOnly" in one for one in cookies)
    assert any(one.startswith('smith_single_sign_on=""') for one in cookies)
    await user.open("/account")
    await user.should_see("Signed in by it now")
    await user.open("/settings/audit-log")
    await user.should_see("signed in by single sign-on")
    await user.should_see("was linked by single sign-on to a login at “Example”")


@pytest.mark.parametrize("path", ["https://evil.test/", "//evil.test", "/\\evil.test", "/" + "x" * 3000, "/a\r\nb"])
async def test_no_other_site_is_gone_to_afterwards(
    admin: Open, account: Account, provider: OpenIdProvider, path: str
) -> None:
    as_owner(provider, account)
    user = admin()
    assert (await come_back(user, await go(user, path))).headers["location"] == "/"


async def test_an_answer_that_another_browser_asked_for_signs_no_person_in(
    admin: Open, account: Account, provider: OpenIdProvider
) -> None:
    as_owner(provider, account)
    sent = await go(admin())
    with_nothing, in_the_middle = admin(), admin()
    await go(in_the_middle)
    for victim in (with_nothing, in_the_middle):
        back = await come_back(victim, sent)
        assert back.status_code == 404
        assert "begun in another browser" in faults(back)[""]
        assert "smith_session" not in str(back.headers)


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("error=access_denied&error_description=Call+0900+now", 403, "does not let you in"),
        ("error=<script>", 403, "without an answer"),
        ("", 400, "without an answer"),
        ("state=x&code=y", 404, "begun in another browser"),
    ],
)
async def test_what_goes_wrong_is_said_in_our_words(admin: Open, query: str, status: int, words: str) -> None:
    page = await admin().http_client.get(f"/single-sign-on/callback?{query}")
    assert page.status_code == status
    assert words in faults(page)[""]
    assert "0900" not in page.text
    assert "<script>" not in page.text
    assert "Begin again" in shown(page)


async def test_a_person_without_a_place_is_told_so(admin: Open, account: Account, provider: OpenIdProvider) -> None:
    provider.person = Person("a stranger", "stranger@corp.test")
    user = admin()
    back = await come_back(user, await go(user))
    assert back.status_code == 403
    assert "stranger@corp.test has no place here" in faults(back)[""]


async def test_a_service_that_is_away_leaves_the_password(
    admin: Open, account: Account, provider: OpenIdProvider
) -> None:
    as_owner(provider, account)
    user = admin()
    sent = await go(user)
    provider.broken = "/token"
    try:
        back = await come_back(user, sent)
        assert back.status_code == 503
        assert "Example cannot be reached" in faults(back)[""]
        assert 'href="/sign-in?next=/"' in back.text
        signed_in = await user.http_client.post("/sign-in", data={"email": account.email, "password": PASSWORD})
        assert signed_in.status_code == 303
    finally:
        provider.broken = ""


PROOF = {"prove": "1", "next": "/account"}


async def test_the_page_for_signing_in_again_asks_for_a_proof_and_goes_on_to(admin: Open, account: Account) -> None:
    client = admin().http_client
    left = await client.post("/sign-out", data={"next": "/account#login"})
    page = await client.get(left.headers["location"])
    link = 'href="/single-sign-on?prove=1&amp;next=/account%23login"'
    assert link in page.text
    wrong = await client.post(
        "/sign-in", data=PROOF | {"email": account.email, "password": "no", "next": "/account#login"}
    )
    assert (wrong.status_code, link in wrong.text) == (403, True)
    usual = await client.post("/sign-in", data={"email": account.email, "password": "no"})
    assert "prove" not in usual.text


async def test_a_proof_survives_the_way_to_where_the_browser_comes_back(admin: Open, account: Account) -> None:
    user = admin()
    public = str(user.http_client.base_url).rstrip("/")
    answer = await user.http_client.get("/single-sign-on", params=PROOF, headers={"host": "localhost:8080"})
    assert answer.headers["location"] == f"{public}/single-sign-on?here=1&prove=1&next=/account"


async def test_a_person_who_was_not_asked_again_is_told_what_to_do_and_can_sign_in_as_usual(
    admin: Open, account: Account, asleep: OpenIdProvider
) -> None:
    as_owner(asleep, account)
    user = admin()
    sent = await user.http_client.get("/single-sign-on", params=PROOF)
    asked = httpx.URL(sent.headers["location"]).params
    assert (asked["max_age"], asked["prompt"]) == ("0", "login")
    back = await come_back(user, sent)
    assert back.status_code == 403
    assert "Example did not ask you to sign in again" in faults(back)[""]
    assert 'href="/single-sign-on?prove=1&amp;next=/account"' in back.text
    assert "smith_session" not in str(back.headers)
    # "Other ways to sign in", and from there by the other service.
    assert 'href="/sign-in?next=/account"' in back.text
    page = await user.http_client.get("/sign-in?next=/account")
    assert 'href="/single-sign-on?next=/account"' in page.text
    opened = await come_back(user, await go(user, "/account"))
    assert opened.headers["location"] == "/account"
    assert any(one.startswith("smith_session=ses_") for one in opened.headers.get_list("set-cookie"))


async def test_a_person_who_was_asked_again_is_back_where_they_were(
    admin: Open, account: Account, asleep: OpenIdProvider
) -> None:
    as_owner(asleep, account)
    asleep.asks_again_for = ASKING_AGAIN
    user = admin()
    back = await come_back(user, await user.http_client.get("/single-sign-on", params=PROOF))
    assert (back.status_code, back.headers["location"]) == (303, "/account")


@pytest.mark.parametrize(
    ("query", "words"),
    [("error=invalid_request", "did not ask you to sign in again"), ("error=access_denied", "does not let you in")],
)
async def test_a_service_that_refuses_to_ask_again_is_told_from_one_that_sent_nothing(
    admin: Open, account: Account, provider: OpenIdProvider, query: str, words: str
) -> None:
    as_owner(provider, account)
    user = admin()
    await user.http_client.get("/single-sign-on", params=PROOF)
    page = await user.http_client.get(f"/single-sign-on/callback?{query}")
    assert (page.status_code, words in faults(page)[""]) == (403, True)
    assert 'href="/single-sign-on?prove=1&amp;next=/account"' in page.text
