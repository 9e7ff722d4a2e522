"""What people come for, from the first run to the last phone, in a real browser."""

import re
import subprocess
import uuid

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import HOME, OpenPage, session_of, sign_in
from tests.conftest import MakeStack
from tests.http_client import plain_http_client
from tests.stack import ANY_PORT, Stack
from tests.waiting import eventually


@pytest.mark.thorough
def test_from_the_first_run_to_a_push_on_the_lock_screen(make_stack: MakeStack, open_page: OpenPage) -> None:
    stack = make_stack(fresh=True, SMITH_ADMIN_PORT=ANY_PORT, SMITH_QUICKSTART="0")
    page = open_page(stack.admin_url, "/")
    try:
        [link] = re.findall(r"^  (http://\S+/setup/\S+)$", stack.stdout, re.MULTILINE)
        expect(page.get_by_label("Setup code")).to_be_visible()
        page.goto(link)
        assert page.url.endswith("/setup")
        page.get_by_label("Workspace").fill("Acme")
        page.get_by_label("Your name").fill("Ada")
        page.get_by_label("E-mail").fill("ada@acme.test")
        page.get_by_label("Password").fill("a long password")
        page.get_by_role("button", name="Create workspace").click()
        expect(page.get_by_text("First steps")).to_be_visible()

        page.get_by_role("link", name="Do it").first.click()
        page.get_by_role("button", name="Create API key").first.click()
        page.get_by_label("Name", exact=True).fill("CI pipeline")
        page.get_by_role("button", name="Create key").click()
        example = page.get_by_label("curl example", exact=True).inner_text()
        page.get_by_role("button", name="I have copied it").click()
        [secret] = re.findall(r"ask_[\w-]{20,}", example)
        expect(page.get_by_text("CI pipeline")).to_be_visible()
        expect(page.get_by_text(secret)).to_have_count(0)

        page.get_by_role("link", name="Lock screen").click()
        page.get_by_role("button", name="Add an iPhone").first.click()
        page.get_by_role("button", name="Add it").click()
        expect(page.get_by_text("iPhone 1").first).to_be_visible()
        subprocess.run(["/bin/sh", "-c", example.replace("curl ", "curl -sf ", 1)], check=True, capture_output=True)
        expect(page.get_by_text("Build finished").first).to_be_visible()
    finally:
        page.close()
        stack.discard()


def test_an_invited_person_joins_sees_less_and_is_sent_away_when_removed(
    place: Stack, owner: Page, open_page: OpenPage
) -> None:
    email = f"ann-{uuid.uuid4().hex[:8]}@team.test"
    owner.goto("/")
    owner.get_by_role("link", name="Members").click()
    owner.get_by_role("button", name="Invite members").click()
    owner.get_by_label("E-mail addresses").fill(f"{email}\nnonsense")
    owner.get_by_role("button", name="Invite", exact=True).click()
    expect(owner.get_by_text("1 person invited. 1 could not be:")).to_be_visible()
    owner.get_by_role("button", name="Cancel").click()

    with plain_http_client(place.simulator_url) as simulator:
        letter = eventually("the mail is there", lambda: _letter_to(simulator, email))
    [link] = set(re.findall(r"http://\S+/invite/inv_[\w-]+", letter))
    ann = open_page(place.admin_url, link)
    assert ann.url.endswith("/invite")
    ann.get_by_label("Your name").fill("Ann")
    ann.get_by_label("Password").fill("ten letters")
    ann.get_by_role("button", name="Join My team").click()
    expect(ann.get_by_role("heading", level=1, name="Pair your phone")).to_be_visible()
    ann.goto("/members")
    expect(ann.get_by_text(email)).to_be_visible()
    expect(ann.get_by_role("button", name="Invite members")).to_have_count(0)
    expect(owner.get_by_text("Ann", exact=True)).to_be_visible()

    owner.get_by_role("button", name=f"Remove: {email}").click()
    owner.get_by_role("button", name="Remove member").click()
    expect(owner.get_by_text("Ann", exact=True)).to_have_count(0)
    ann.wait_for_url(re.compile("/sign-in"))


def _letter_to(simulator: httpx.Client, email: str, about: str = "") -> str:
    mails = simulator.get("/mails").json()["mails"]
    return next((mail["text"] for mail in mails if email in mail["recipients"] and about in mail["text"]), "")


@pytest.mark.thorough
def test_who_forgot_a_password_chooses_another_with_a_link_in_a_mail(
    place: Stack, owner: Page, open_page: OpenPage
) -> None:
    email, session = _somebody_new(place)
    person = open_page(place.admin_url, "/sign-in")
    person.get_by_role("link", name="Forgot password?").click()
    person.get_by_label("E-mail").fill(email)
    person.get_by_role("button", name="Send the link").click()
    expect(person.get_by_role("heading", name="A link was asked for")).to_be_visible()

    with plain_http_client(place.simulator_url) as simulator:
        letter = eventually("the mail is there", lambda: _letter_to(simulator, email, "/reset-password/"))
    [link] = set(re.findall(r"http://\S+/reset-password/pwr_[\w-]+", letter))
    person.goto(link)
    assert person.url.endswith("/reset-password")
    field = person.get_by_label("New password")
    field.fill("a password for tomorrow")
    person.get_by_role("button", name="Show").click()
    expect(field).to_have_attribute("type", "text")
    person.get_by_role("button", name="Set the password").click()
    expect(person.get_by_text("Your new password is set.")).to_be_visible()
    expect(person.get_by_label("E-mail")).to_have_value(email)
    person.get_by_label("Password").fill("a password for tomorrow")
    person.get_by_role("button", name="Sign in").click()
    person.wait_for_url(re.compile(r":\d+/$"))
    assert plain_http_client(place.base_url, Authorization=f"Bearer {session}").get("/api/account").status_code == 401

    owner.goto("/members")
    owner.get_by_role("button", name=f"New password: {email}").click()
    owner.get_by_role("button", name="Try the mail").click()
    expect(owner.get_by_role("dialog").get_by_text(re.compile("^kept by the simulator"))).to_be_visible()
    owner.get_by_role("button", name="Make a link to pass on").click()
    expect(owner.get_by_role("dialog").get_by_text(re.compile("/reset-password/pwr_"))).to_be_visible()
    owner.get_by_role("button", name="Close").click()
    owner.get_by_role("button", name=f"Remove: {email}").click()
    owner.get_by_role("button", name="Remove member").click()
    expect(owner.get_by_text(email)).to_have_count(0)


def _somebody_new(place: Stack) -> tuple[str, str]:
    """The address of a new member, and the secret of a session of theirs."""
    email = f"ben-{uuid.uuid4().hex[:8]}@team.test"
    with plain_http_client(place.base_url) as owner:
        login = {"email": place.owner_email, "password": place.owner_password}
        owner.headers["Authorization"] = f"Bearer {owner.post('/api/sessions', json=login).json()['session_token']}"
        [result] = owner.post("/api/invites", json={"emails": [email]}).json()["results"]
        link = owner.post(f"/api/invites/{result['invite']['id']}/link").json()["url"]
    with plain_http_client(place.base_url) as anybody:
        body = {"token": link.rpartition("/")[2], "password": "a password of yesterday"}
        joined = anybody.post("/api/invite/accept", json=body)
    assert joined.status_code == 200, joined.text
    return email, str(joined.json()["session_token"])


def test_a_stream_moves_on_the_page_but_not_while_paused(place: Stack, owner: Page) -> None:
    key = f"backup-{uuid.uuid4().hex[:8]}"
    backend = plain_http_client(place.base_url, Authorization=f"Bearer {place.api_key}")

    def put(percentage: int) -> None:
        state = {"title": key, "type": "progress", "percentage": percentage}
        answer = backend.put(f"/api/live-activity/stream/{key}", json={"content_state": state})
        assert answer.status_code == 200, answer.text

    owner.goto("/")
    owner.get_by_role("link", name="Live Activities").click()
    put(10)
    card = owner.locator(".lock-activity", has_text=key).first
    expect(card).to_contain_text("10%")
    put(20)
    expect(card).to_contain_text("20%")
    owner.get_by_role("button", name=re.compile(f"^Pause.*{key}")).click()
    owner.get_by_role("button", name="Pause stream").click()
    expect(owner.get_by_role("button", name=re.compile(f"^Resume.*{key}"))).to_be_visible()
    put(30)
    owner.get_by_role("button", name=re.compile(f"^Resume.*{key}")).click()
    expect(card).to_contain_text("30%")
    assert backend.delete(f"/api/live-activity/stream/{key}").status_code == 200


def test_buttons_of_a_notification_work_on_the_lock_screen(place: Stack, owner: Page) -> None:
    title = f"web-1 is stuck {uuid.uuid4().hex[:6]}"
    owner.goto("/lock-screen")
    backend = plain_http_client(place.base_url, Authorization=f"Bearer {place.api_key}")
    action = {
        "title": "Restart",
        "type": "webhook",
        "url": f"{place.quickstart.webhook_sink_url}/restart",
        "method": "POST",
    }
    answer = backend.post(
        "/api/push-notification", json={"title": title, "message": "no answer for 5 minutes", "actions": [action]}
    )
    assert answer.status_code == 200, answer.text
    expect(owner.get_by_text(title)).to_be_visible()
    # There may be others, which are below it.
    for stack in owner.get_by_role("button", name=re.compile("stacked: show them$")).all():
        stack.click()
    owner.get_by_text(title).click()
    owner.get_by_role("button", name=re.compile("^Restart")).click()
    expect(owner.get_by_text(re.compile("webhook answered 2"))).to_be_visible()


@pytest.mark.thorough
def test_a_wrong_password_changes_nothing_and_other_browsers_are_signed_out(
    place: Stack, owner: Page, open_page: OpenPage
) -> None:
    other = open_page(place.admin_url, session=session_of(place, place.owner_email, place.owner_password))
    expect(other.get_by_role("heading", level=1, name=HOME)).to_be_visible()
    owner.goto("/account")
    owner.get_by_label("Current password").fill("not this one")
    owner.get_by_label("New password").fill("another long password")
    owner.get_by_role("button", name="Change password").click()
    expect(owner.get_by_text("This is not your password.")).to_be_visible()
    owner.get_by_role("button", name="Sign out everywhere else").click()
    owner.get_by_role("dialog").get_by_role("button", name="Sign out everywhere else").click()
    expect(owner.get_by_role("dialog")).to_have_count(0)
    # The page goes there by itself.
    other.wait_for_url(re.compile("/sign-in"))
    other.goto("/members")
    assert "/sign-in" in other.url
    expect(owner.get_by_text("This session")).to_be_visible()


@pytest.mark.parametrize("scheme", ["dark", pytest.param("light", marks=pytest.mark.thorough)])
def test_the_theme_follows_the_system_until_somebody_chooses(place: Stack, open_page: OpenPage, scheme: str) -> None:
    page = open_page(place.admin_url, "/sign-in", color_scheme=scheme)
    # Without a script: by the stylesheet alone.
    assert (
        page.evaluate("getComputedStyle(document.body).backgroundColor")
        == {
            "light": "rgb(247, 247, 248)",
            "dark": "rgb(16, 16, 19)",
        }[scheme]
    )
    sign_in(page, place.owner_email, place.owner_password)
    # What the page was built with has been applied.
    page.wait_for_function("() => window.socket?.connected")
    page.get_by_role("button", name=re.compile("^Theme")).click()
    expect(page.locator("body")).to_have_class(re.compile("body--light"))
    # Also when the page is brought up to date.
    page.get_by_role("button", name="7 days").click()
    expect(page.get_by_role("button", name="7 days", pressed=True)).to_be_visible()
    expect(page.locator("body")).to_have_class(re.compile("body--light"))
    page.reload()
    expect(page.locator("body")).to_have_class(re.compile("body--light"))


def test_an_owner_finds_out_why_a_request_was_refused_and_what_became_of_another(place: Stack, owner: Page) -> None:
    backend = plain_http_client(place.base_url, Authorization=f"Bearer {place.api_key}")
    word = uuid.uuid4().hex[:10]
    good = backend.post("/api/push-notification", json={"title": f"Good {word}", "mood": True})
    assert good.headers["ignored-fields"] == "mood"
    bad = backend.post("/api/push-notification", json={"title": 5, "password": f"hunter-{word}"})
    assert (good.status_code, bad.status_code) == (200, 400)
    [bad_id, good_id] = [answer.headers["x-request-id"] for answer in (bad, good)]

    owner.goto("/")
    owner.get_by_role("link", name="Requests", exact=True).click()
    expect(owner.get_by_role("heading", level=1, name="Requests")).to_be_visible()
    search = owner.get_by_label("Find by request id")
    search.fill(bad_id)
    rows = owner.get_by_role("table", name="Requests").locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("400 Not valid")
    expect(rows.first).to_contain_text("title must be a string")
    owner.wait_for_url(re.compile(f"request_id={bad_id}"))
    owner.reload()
    expect(rows).to_have_count(1)

    # The row is a link, wherever it is clicked.
    size = rows.first.bounding_box()
    assert size is not None
    rows.first.click(position={"x": size["width"] - 20, "y": size["height"] / 2})
    owner.wait_for_url(re.compile("/requests/[0-9a-f]{32}$"))
    expect(owner.get_by_text("Why it was refused")).to_be_visible()
    expect(owner.get_by_label("body", exact=True)).to_contain_text('"title": 5')
    expect(owner.get_by_text(f"hunter-{word}")).to_have_count(0)
    expect(owner.get_by_label("request id", exact=True)).to_have_text(bad_id)
    expect(owner.get_by_role("button", name="Copy everything as JSON")).to_be_visible()
    expect(owner.get_by_role("button", name="Copy request id")).to_be_visible()

    owner.goto(f"/requests/{good_id}")
    expect(owner.get_by_label("ignored fields", exact=True)).to_have_text("mood")
    owner.get_by_role("link", name="Open it").click()
    expect(owner.get_by_role("heading", level=1, name=f"Good {word}")).to_be_visible()
    owner.get_by_role("link", name="Its requests").click()
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("200 Done")
    owner.get_by_role("link", name="Show everything").click()
    owner.get_by_label("Answer", exact=True).click()
    owner.get_by_role("option", name="Server errors").click()
    owner.wait_for_url(re.compile(r"/requests\?status=5$"))
    rows.first.or_(owner.get_by_role("heading", name="Nothing is found")).wait_for()
