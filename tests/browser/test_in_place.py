"""A page that reads again leaves in place what says the same: clicks count, and the keyboard stays where it is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from core_service.common.orm import new_id
from tests.browser.conftest import OpenSignedIn, opened, told
from tests.browser.test_pairing import unfold
from tests.e2e.conftest import second_account
from tests.stack import Stack
from tests.team import Team, push, secret_of
from tests.waiting import eventually

RUNNING = """
INSERT INTO action_runs (id, account_id, action_id, device_id, repeatable, url, method, state, due_at, attempts,
                         response_body, reason, message, created_at)
SELECT %(id)s, n.account_id, a.id, d.device_id, false, a.url, 'POST', 'running', now() + interval '1 minute', 1, '',
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


class Stream:
    """A backend with a stream that one phone shows."""

    def __init__(self, team: Team) -> None:
        slug, self.channel_id = team.channel()
        self.target = {"channels": [slug]}
        self.backend, self.phone = team.key(), team.phone(channel_id=self.channel_id)
        self.key, self.activity_id = team.unique("backup"), ""

    def put(self, percentage: int) -> None:
        """Shows this, with a button that opens the logs."""
        body = {
            "content_state": {"title": "Backup", "type": "progress", "percentage": percentage},
            "action": {"title": "Logs", "type": "open_url", "url": "https://ci.example.com"},
            "target": self.target,
        }
        answer = self.backend.put(f"/api/live-activity/stream/{self.key}", json=body)
        assert answer.status_code == 200, answer.text
        self.activity_id = answer.json()["activity_id"]
        self.phone.shows_activity(self.activity_id, percentage=percentage)

    def push(self, title: str, *actions: dict[str, str]) -> str:
        """Sends a notification with these buttons to the same phone."""
        answer = push(self.backend, title=title, target=self.target, actions=list(actions))
        assert answer.status_code == 200, answer.text
        self.phone.shows(title)
        return str(answer.json()["notification_id"])


@pytest.fixture
def stream(team: Team) -> Iterator[Stream]:
    """Of one test."""
    stream = Stream(team)
    yield stream
    stream.backend.request("DELETE", f"/api/live-activity/stream/{stream.key}", json={})
    stream.phone.remove()


@contextmanager
def in_place(focused: Locator, *others: Locator) -> Iterator[None]:
    """During the block these stay on the page, and the keyboard stays on the first."""
    elements = [one.element_handle() for one in (focused, *others)]
    focused.focus()
    yield
    assert [element.evaluate("(one) => one.isConnected") for element in elements] == [True] * len(elements)
    assert elements[0].evaluate("(one) => document.activeElement === one")


@pytest.mark.thorough
def test_the_first_steps_stay_while_the_overview_tells_what_happens(page: Page, team: Team) -> None:
    key, phone = team.key(), team.phone()
    opened(page, "/")
    devices = page.locator(".tile").filter(has=page.get_by_text("Devices", exact=True)).locator(".tile-value")
    step = page.locator(".step").filter(has_text="Back up the server").get_by_role("link", name="Do it")
    news = page.locator(".news-item")

    def is_told() -> bool:
        """The page is told what happens from some time after it is drawn, which a push before that does not tell."""
        assert push(key, title="First").status_code == 200
        # Few pushes: it shows the latest eight only, and the first of them is to stay.
        with suppress(PlaywrightTimeoutError):
            news.first.wait_for(timeout=1000)
        return news.count() > 0

    eventually("the page is told what happens", is_told)
    expect(news.filter(has_text="A push notification was sent").first).to_be_visible()
    with in_place(step, page.locator(".step").filter(has_text="Reach a real phone"), news.last):
        before = devices.inner_text()
        phone.remove()
        expect(news.first).to_contain_text("A phone was removed")
        expect(devices).not_to_have_text(before)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/settings/server$"))


def test_the_overview_counts_a_push_that_is_sent_while_it_is_open(place: Stack, open_signed_in: OpenSignedIn) -> None:
    """In a workspace of its own: pushes are counted some time after they were sent, those of other tests too."""
    team = second_account(place)
    key, phone = team.key(), team.phone()
    page = opened(open_signed_in(secret_of(team.owner)), "/")
    pushes = page.locator(".figure").filter(has=page.get_by_text("Pushes", exact=True)).locator(".figure-value")
    expect(pushes).to_have_text("0")
    assert push(key, title="Counted").status_code == 200
    expect(pushes).to_have_text("1")
    phone.remove()


@pytest.mark.thorough
def test_the_buttons_of_a_notification_stay_while_it_is_replaced(page: Page, stream: Stream) -> None:
    sent = stream.push("Deploy 1", {"title": "Open", "type": "open_url", "url": "https://ci.example.com"})
    opened(page, f"/delivery-log/{sent}")
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
        assert stream.backend.put(f"/api/push-notification/{sent}", json={"title": "Deploy 2"}).status_code == 200
        expect(copy).to_have_attribute("data-copy", re.compile("Deploy 2"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Deploy 2")
    page.keyboard.press("Enter")
    expect(row.get_by_role("button", name="Copy Device id")).not_to_be_visible()


@pytest.mark.thorough
def test_the_links_of_a_webhook_call_stay_while_it_is_tried(place: Stack, page: Page, stream: Stream) -> None:
    sent = stream.push("Deploy?", {"title": "Approve", "type": "webhook", "url": "https://ci.example.com/approve"})
    run_id = str(new_id())
    with psycopg.connect(place.database_url, autocommit=True) as database:
        assert database.execute(RUNNING, {"id": run_id, "notification_id": sent}).rowcount == 1
        opened(page, f"/delivery-log/webhook-calls/{run_id}")
        link = page.get_by_role("link", name="Deploy?")
        with in_place(
            link, page.get_by_role("button", name="Copy URL"), page.get_by_role("button", name="Copy Call id")
        ):
            database.execute("UPDATE action_runs SET attempts = attempts + 1 WHERE id = %s", [run_id])
            expect(page.locator(".fact").filter(has_text="Attempts")).not_to_contain_text("1")
        # It was made up, so it is not to be called.
        database.execute("DELETE FROM action_runs WHERE id = %s", [run_id])
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/delivery-log/{sent}$"))


def test_the_buttons_of_a_live_activity_stay_while_it_moves_and_is_paused(
    page: Page, team: Team, stream: Stream
) -> None:
    stream.put(10)
    opened(page, f"/live-activities/{stream.activity_id}")
    copy = page.get_by_role("button", name="Copy curl command that updates it")
    pause, delete = (page.get_by_role("button", name=f"{act} stream") for act in ("Pause", "Delete"))
    end = page.get_by_role("button", name="End", exact=True)
    with in_place(copy, pause, delete, end, page.locator(".lock-activity")):
        stream.put(20)
        expect(copy).to_have_attribute("data-copy", re.compile('"percentage": 20'))
    with in_place(delete, copy):
        team.ask("POST", f"/api/live-activity/stream/{stream.key}/pause")
        expect(page.get_by_text("Stream paused")).to_be_visible()
        expect(pause).to_have_count(0)
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Delete stream").click()
    expect(delete).to_have_count(0)


@pytest.mark.thorough
def test_what_is_true_of_all_devices_of_a_live_activity_is_said_once(page: Page, team: Team, stream: Stream) -> None:
    other = team.phone(channel_id=stream.channel_id)
    stream.put(10)
    opened(page, f"/live-activities/{stream.activity_id}")
    expect(page.get_by_role("row").filter(has_text="accepted the newest state")).to_have_count(2)
    expect(page.get_by_text("Whether it is shown is between")).to_have_count(1)
    other.remove()


@pytest.mark.thorough
def test_the_dialog_that_pairs_stays_while_the_page_and_its_clock_go_on(page: Page, team: Team) -> None:
    device, name = team.phone(), team.unique("renamed")
    opened(page, "/devices")
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
    told(page, "Paired Simulated iPhone.")
    [newest, *_] = team.ask("GET", "/api/devices?newest_first=true")["devices"]
    team.ask("DELETE", f"/api/devices/{newest['id']}")
    device.remove()


@pytest.mark.thorough
def test_a_phone_of_the_lock_screen_stays_while_its_card_moves(page: Page, stream: Stream) -> None:
    stream.put(10)
    opened(page, "/lock-screen")
    name = page.get_by_role("heading", name=stream.phone.read()["name"], exact=True)
    column = page.locator(".iphone-column").filter(has=name)
    card = column.locator(".iphone-cards .lock-activity")
    with in_place(
        card.get_by_role("button", name="Logs"), card, column.get_by_role("button", name=re.compile("^More for"))
    ):
        stream.put(20)
        expect(card).to_contain_text("20%")
        stream.push("Deployed")
        expect(column.locator(".lock-notification")).to_contain_text("Deployed")
    page.keyboard.press("Enter")
    expect(column.get_by_text("The phone would open")).to_be_visible()
