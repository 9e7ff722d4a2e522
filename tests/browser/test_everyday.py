"""What people do every day: finding things, keys, and what they are told while the server does not answer."""

import os
import signal
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from admin_ui.settings import AdminSettings
from tests.browser.conftest import OpenPage, opened, told
from tests.http_client import plain_http_client
from tests.stack import Stack
from tests.waiting import eventually


@pytest.mark.thorough
def test_the_palette_finds_pages_and_things_by_name(place: Stack, owner: Page) -> None:
    name, slug = f"Weekend crew {uuid.uuid4().hex[:8]}", f"weekend-{uuid.uuid4().hex[:8]}"
    with plain_http_client(place.base_url) as client:
        answer = client.post("/api/sessions", json={"email": place.owner_email, "password": place.owner_password})
        token = {"Authorization": f"Bearer {answer.json()['session_token']}"}
        channel = client.post("/api/channels", json={"slug": slug, "name": name}, headers=token).json()["channel"]
        backend = {"Authorization": f"Bearer {place.api_key}"}
        assert client.post("/api/push-notification", json={"title": f"To {name}"}, headers=backend).status_code == 200
    opened(owner, "/")
    owner.keyboard.press("Control+k")
    palette = owner.get_by_role("dialog", name="Go to a page, or search")
    field = palette.get_by_role("combobox")
    expect(field).to_be_focused()

    field.fill("wid")
    expect(palette.get_by_role("option")).to_have_text(["Widgets"])
    field.fill(name.upper())
    expect(palette.get_by_role("group", name="Channels").get_by_role("option")).to_have_text([f"{name}{slug}"])
    expect(palette.get_by_role("group", name="Messages").get_by_role("option")).to_have_text([f"To {name}"])
    owner.keyboard.press("ArrowDown")
    expect(palette.get_by_role("option", selected=True)).to_have_text(f"To {name}")
    owner.keyboard.press("ArrowUp")
    owner.keyboard.press("Enter")
    owner.wait_for_url(f"**/channels/{channel['id']}")

    owner.wait_for_function("() => window.socket?.connected")
    owner.get_by_role("button", name="Search", exact=False).first.click()
    field.fill("no such thing anywhere")
    expect(palette.get_by_text("Nothing has this name.")).to_be_visible()
    owner.keyboard.press("Escape")
    expect(palette).not_to_be_attached()


def test_what_the_palette_asks_for_needs_a_session_and_a_word(place: Stack, session: str) -> None:
    with plain_http_client(place.admin_url) as client:
        assert client.get("/search", params={"q": "ops"}).status_code == 401
        client.cookies.set("smith_session", session)
        assert client.get("/search", params={"q": " "}).status_code == 400
        assert client.get("/search", params={"q": "x" * 101}).status_code == 400
        assert client.get("/search", params={"q": "%_\\"}).json() == {"groups": []}


def test_the_page_for_signing_in_says_where_the_first_password_is_to_people_at_this_computer_only(
    place: Stack, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(place.admin_url, "/sign-in")
    page.get_by_text("First time here?").click()
    expect(page.get_by_text(str(place.data_dir / "quickstart.json"))).to_be_visible()
    file = tmp_path / "quickstart.json"
    file.touch()
    assert AdminSettings(quickstart_file=file).first_password == str(file)
    assert AdminSettings(quickstart_file=file, admin_url="http://localhost:8080").first_password == str(file)
    assert AdminSettings(quickstart_file=file, admin_url="https://admin.example.com").first_password == ""
    assert AdminSettings(quickstart_file=file, admin_url="http://127.example.com").first_password == ""
    assert AdminSettings(quickstart_file=tmp_path / "no-file").first_password == ""


def test_keys_find_send_and_confirm(owner: Page) -> None:
    opened(owner, "/channels")
    owner.keyboard.press("/")
    field = owner.get_by_label("Find by name or slug")
    expect(field).to_be_focused()
    owner.keyboard.type("not/there")
    expect(field).to_have_value("not/there")
    expect(owner.get_by_text("No channel is called that")).to_be_visible()
    owner.keyboard.press("Control+a")
    owner.keyboard.press("Delete")

    name = f"By keys {uuid.uuid4().hex[:8]}"
    owner.get_by_role("button", name="Create channel").first.click()
    owner.get_by_label("Name", exact=True).fill(name)
    owner.keyboard.press("Enter")
    expect(owner.get_by_role("link", name=name)).to_be_visible()

    opened(owner, "/playground")
    owner.get_by_label("Title", exact=True).first.fill(name)
    owner.keyboard.press("Control+Enter")
    status = owner.get_by_role("status").filter(has_text="Accepted for").first
    expect(status).to_be_in_viewport(ratio=1)
    owner.get_by_role("link", name="Follow its delivery").click()
    expect(owner.get_by_role("heading", level=1)).to_contain_text(name)


@pytest.mark.thorough
def test_a_message_is_written_from_a_template_saved_and_chosen_again(owner: Page) -> None:
    opened(owner, "/playground")
    name = f"Standup {uuid.uuid4().hex[:8]}"

    def choose(words: str) -> None:
        owner.get_by_label("Start from").click()
        owner.get_by_role("option", name=words).click()

    choose("A job has failed · template")
    title = owner.get_by_role("textbox", name="Title", exact=True).first
    expect(title).to_have_value("Deploy failed 🚨")
    expect(owner.get_by_label("URL", exact=True)).to_have_value("https://ci.example.com/runs/42")
    title.fill(name)
    expect(owner.get_by_label("curl example")).to_contain_text(name)
    owner.get_by_role("button", name="Save this message").click()
    owner.get_by_label("Name", exact=True).fill(name)
    owner.keyboard.press("Enter")
    told(owner, "Saved.")

    opened(owner, "/playground")
    expect(title).to_have_value("Build failed 🚨")
    choose(f"{name} · saved")
    expect(title).to_have_value(name)
    expect(owner.get_by_role("textbox", name="Subtitle")).to_have_value("main")
    expect(owner.get_by_label("URL", exact=True)).to_have_value("https://ci.example.com/runs/42")
    owner.get_by_role("button", name="Delete this saved message").click()
    confirm = owner.get_by_role("button", name="Delete message")
    expect(confirm).to_be_visible()
    # The button behind the question is not at work: the person is asked.
    expect(owner.locator(".page .q-spinner")).to_have_count(0)
    confirm.click()
    expect(owner.get_by_role("button", name="Delete this saved message")).not_to_be_visible()
    owner.get_by_label("Start from").click()
    expect(owner.get_by_role("option", name="A job is done · template")).to_be_visible()
    expect(owner.get_by_role("option", name=name)).to_have_count(0)


WAITS = """(() => {
    window.waits = { look: [], answer: [] };
    const [later, timeout] = [window.setTimeout, AbortSignal.timeout.bind(AbortSignal)];
    window.setTimeout = (todo, wait, ...rest) => {
        if (todo?.name === "look") window.waits.look.push(wait);
        return later(todo, wait, ...rest);
    };
    AbortSignal.timeout = (wait) => { window.waits.answer.push(wait); return timeout(wait); };
})()"""
"""Notes how long the page waits before it looks again, and for an answer."""


@pytest.mark.thorough
def test_a_page_says_within_three_seconds_that_the_server_is_frozen_or_gone(
    place: Stack, owner: Page, complaints: list[str]
) -> None:
    """By what the page waits for: what a busy machine adds to that is the machine's."""
    owner.add_init_script(WAITS)
    page = opened(owner, "/devices")
    for process, words in (("server", "What you see may be out of date"), ("admin", "The server does not answer.")):
        pid = place.pids[process]
        os.kill(pid, signal.SIGSTOP)
        try:
            expect(page.get_by_role("status").filter(has_text=words)).to_be_visible()
        finally:
            os.kill(pid, signal.SIGCONT)
        told(page, "Connected again.")
        expect(page.get_by_text("Connected again.")).not_to_be_attached()
    waits = page.evaluate("window.waits")
    assert max(waits["look"]) + max(waits["answer"]) <= 3000
    page.close()
    # While the server was away, the browser said so.
    complaints.clear()


WARNINGS_TAKEN_AWAY = """() => {
    window.takenAway = 0;
    new MutationObserver((changes) => {
        for (const change of changes) for (const node of change.removedNodes)
            if (node.classList?.contains("connection-bad")) window.takenAway += 1;
    }).observe(document.body, { childList: true });
}"""


@pytest.mark.thorough
def test_good_news_about_the_connection_take_no_later_warning_away(owner: Page, complaints: list[str]) -> None:
    """Once it is back, the page says so for three seconds, in which the server may be lost again."""
    opened(owner, "/devices")
    owner.evaluate(WARNINGS_TAKEN_AWAY)
    answers = [503, 200]
    asked = 0

    def answer(route: Route) -> None:
        nonlocal asked
        asked += 1
        route.fulfill(status=answers.pop(0) if answers else 503)

    owner.route("**/readyz", answer)
    told(owner, "What you see may be out of date")
    told(owner, "Connected again.")
    told(owner, "What you see may be out of date")
    # By its fourth look after the good news, these are three seconds old.
    eventually("it has looked on", lambda: owner.evaluate("() => 1") and asked >= 6)
    assert owner.evaluate("window.takenAway") == 0
    owner.unroute("**/readyz")
    complaints.clear()


def test_a_link_that_takes_its_time_is_seen_to_be_followed(owner: Page) -> None:
    opened(owner, "/channels")
    owner.evaluate(
        """() => new MutationObserver(() => console.log("seen", document.body.className))
            .observe(document.body, { attributeFilter: ["class"] })"""
    )

    held: list[Route] = []
    owner.route("**/members", lambda route: held.append(route))  # noqa: PLW0108 - Playwright writes into it
    # The server takes its time until the page has shown it, which the page itself says: it answers no questions while
    # it is being left.
    shown = owner.expect_console_message(lambda said: "is-leaving" in said.text)
    with owner.expect_request("**/members"), shown:
        owner.get_by_role("link", name="Members").click(no_wait_after=True)
    [request] = held
    request.continue_()
    owner.get_by_role("heading", level=1, name="Members").wait_for()
    assert not owner.evaluate("document.body.classList.contains('is-leaving')")


def test_text_and_icons_look_the_same_on_every_system(owner: Page) -> None:
    opened(owner, "/devices")
    owner.wait_for_function("() => document.fonts.check('14px Inter')")
    fonts = owner.evaluate("[...document.fonts].filter((font) => font.status === 'loaded').map((font) => font.family)")
    assert fonts == ["Inter"], "another font was needed, as for an icon without a drawing"
