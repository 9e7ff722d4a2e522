"""A page that reads again leaves in place what says the same: clicks count, and the keyboard stays where it is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect

from core_service.common.orm import new_id
from tests.browser.conftest import PATIENCE_MS
from tests.browser.test_pairing import unfold
from tests.stack import Stack
from tests.team import Team, push

expect.set_options(timeout=PATIENCE_MS)

RUNNING = """
INSERT INTO action_runs (id, account_id, action_id, device_id, repeatable, url, method, state, due_at, attempts,
                         response_body, reason, message, created_at)
SELECT %(id)s, n.account_id, a.id, d.device_id, false, a.url, 'POST', 'running', now() + interval '1 hour', 1, '',
       '', '', now()
FROM notification_actions a
JOIN notifications n ON n.id = a.notification_id
JOIN deliveries d ON d.notification_id = n.id
WHERE n.id = %(notification_id)s
LIMIT 1
"""


@pytest.fixture
def page(owner: Page) -> Page:
    """The owner's browser, without the movements that take time."""
    owner.emulate_media(reduced_motion="reduce")
    return owner


def look(page: Page, path: str) -> None:
    """Opens the page, and hears what happens from then on."""
    page.goto(path)
    page.wait_for_function("() => window.socket?.connected")


@contextmanager
def in_place(focused: Locator, *others: Locator) -> Iterator[None]:
    """During the block these stay on the page, and the keyboard stays on the first."""
    elements = [one.element_handle() for one in (focused, *others)]
    focused.focus()
    yield
    assert [element.evaluate("(one) => one.isConnected") for element in elements] == [True] * len(elements)
    assert elements[0].evaluate("(one) => document.activeElement === one")


def test_the_first_steps_and_the_news_of_the_overview(page: Page, team: Team) -> None:
    key, phone = team.key(), team.phone()
    look(page, "/")
    devices = page.locator(".tile").filter(has=page.get_by_text("Devices", exact=True)).locator(".tile-value")
    step = page.locator(".step").filter(has_text="Back up the server").get_by_role("link", name="Do it")
    assert push(key, title="First").status_code == 200
    news = page.locator(".news-item")
    expect(news.first).to_contain_text("A push notification was sent")
    with in_place(step, page.locator(".step").filter(has_text="Reach a real phone"), news.last):
        before = devices.inner_text()
        phone.remove()
        expect(news.first).to_contain_text("A phone was removed")
        expect(devices).not_to_have_text(before)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/settings/server$"))


def test_the_buttons_of_a_notification_that_is_replaced(page: Page, team: Team) -> None:
    slug, channel_id = team.channel()
    key, phone = team.key(), team.phone(channel_id=channel_id)
    sent = push(key, title="Deploy 1", target={"channels": [slug]}, actions=[
        {"title": "Open", "type": "open_url", "url": "https://ci.example.com"}
    ]).json()["notification_id"]  # fmt: skip
    phone.shows("Deploy 1")
    look(page, f"/delivery-log/{sent}")
    copy = page.get_by_role("button", name="Copy curl example")
    row = page.locator(".device-row")
    expect(row.get_by_role("button", name="Copy Device id")).to_be_visible()
    with in_place(
        row.get_by_role("button", name=re.compile("^Why is it")),
        row.get_by_role("button", name="Copy Device id"),
        copy,
        page.get_by_role("button", name="Send again"),
        page.get_by_role("button", name="Copy Notification id"),
        page.get_by_role("link", name="Its requests"),
        page.locator(".lock-notification .lock-head"),
        page.locator(".happening-one").first,
    ):
        assert key.put(f"/api/push-notification/{sent}", json={"title": "Deploy 2"}).status_code == 200
        expect(copy).to_have_attribute("data-copy", re.compile("Deploy 2"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Deploy 2")
    page.keyboard.press("Enter")
    expect(row.get_by_role("button", name="Copy Device id")).not_to_be_visible()


def test_what_can_be_done_with_a_webhook_call_that_goes_on(place: Stack, page: Page, team: Team) -> None:
    slug, channel_id = team.channel()
    key, phone = team.key(), team.phone(channel_id=channel_id)
    actions = [{"title": "Approve", "type": "webhook", "url": "https://ci.example.com/approve"}]
    sent = push(key, title="Deploy?", target={"channels": [slug]}, actions=actions).json()["notification_id"]
    phone.shows("Deploy?")
    run_id = str(new_id())
    with psycopg.connect(place.database_url, autocommit=True) as database:
        assert database.execute(RUNNING, {"id": run_id, "notification_id": sent}).rowcount == 1
        look(page, f"/delivery-log/webhook-calls/{run_id}")
        link = page.get_by_role("link", name="Deploy?")
        with in_place(
            link, page.get_by_role("button", name="Copy URL"), page.get_by_role("button", name="Copy Call id")
        ):
            database.execute("UPDATE action_runs SET attempts = 2 WHERE id = %s", [run_id])
            expect(page.locator(".fact").filter(has_text="Attempts")).to_contain_text("2")
        # It must not be called.
        database.execute("DELETE FROM action_runs WHERE id = %s", [run_id])
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/delivery-log/{sent}$"))


def test_what_can_be_done_with_a_live_activity_that_moves(page: Page, team: Team) -> None:
    slug, channel_id = team.channel()
    key, phone, stream = team.key(), team.phone(channel_id=channel_id), team.unique("backup")

    def put(percentage: int) -> str:
        state = {"title": "Backup", "type": "progress", "percentage": percentage}
        body = {"content_state": state, "target": {"channels": [slug]}}
        answer = key.put(f"/api/live-activity/stream/{stream}", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["activity_id"])

    activity_id = put(10)
    phone.live(activity_id)
    look(page, f"/live-activities/{activity_id}")
    copy = page.get_by_role("button", name="Copy curl command that updates it")
    delete, end = page.get_by_role("button", name="Delete stream"), page.get_by_role("button", name="End", exact=True)
    with in_place(copy, delete, end, page.get_by_role("button", name="Pause stream"), page.locator(".lock-activity")):
        put(20)
        expect(copy).to_have_attribute("data-copy", re.compile('"percentage": 20'))
    with in_place(delete, copy, end):
        team.ask("POST", f"/api/live-activity/stream/{stream}/pause")
        expect(page.get_by_text("Stream paused")).to_be_visible()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Delete stream").click()
    expect(page.get_by_text("Ended", exact=True).first).to_be_visible()


def test_the_dialog_that_pairs_while_the_page_goes_on(page: Page, team: Team) -> None:
    device, name = team.phone(), team.unique("renamed")
    look(page, "/devices")
    page.get_by_role("button", name="Pair a device").click()
    dialog = page.get_by_role("dialog")
    left = dialog.get_by_text(re.compile("^It works once"))
    simulated = dialog.locator("details").filter(has=page.get_by_role("button", name="Simulated iPhone"))
    unfold(page, "Without any device")
    before = left.inner_text()
    button = simulated.get_by_role("button", name="Simulated iPhone")
    with in_place(
        button, dialog.get_by_role("button", name="Copy pairing code"), left, dialog.locator(".pairing-code")
    ):
        team.ask("PATCH", f"/api/devices/{device.device_id}", name=name)
        expect(page.get_by_text(name)).to_have_count(1)
        expect(left).not_to_have_text(before)
        expect(button).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Paired Simulated iPhone.")).to_be_visible()


def test_the_phones_of_the_lock_screen(page: Page, team: Team) -> None:
    slug, channel_id = team.channel()
    key, phone, stream = team.key(), team.phone(channel_id=channel_id), team.unique("backup")
    body = {
        "target": {"channels": [slug]},
        "action": {"title": "Logs", "type": "open_url", "url": "https://ci.example.com"},
    }

    def put(percentage: int) -> None:
        state = {"title": "Backup", "type": "progress", "percentage": percentage}
        answer = key.put(f"/api/live-activity/stream/{stream}", json={"content_state": state, **body})
        assert answer.status_code == 200, answer.text

    put(10)
    look(page, "/lock-screen")
    column = page.locator(".iphone-column").filter(
        has=page.get_by_role("heading", name=phone.read()["name"], exact=True)
    )
    card = column.locator(".iphone-cards .lock-activity")
    button = card.get_by_role("button", name="Logs")
    column.get_by_role("heading").scroll_into_view_if_needed()
    with in_place(button, card, column.get_by_role("button", name=re.compile("^More for"))):
        put(20)
        expect(card).to_contain_text("20%")
        assert push(key, title="Deployed", target={"channels": [slug]}).status_code == 200
        expect(column.locator(".lock-notification")).to_contain_text("Deployed")
    page.keyboard.press("Enter")
    expect(column.get_by_text("The phone would open")).to_be_visible()
