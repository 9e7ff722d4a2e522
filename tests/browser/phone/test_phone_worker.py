"""The worker of the page at `/phone/`, in a real browser: what it makes of pushes."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.phone_page import (
    ALLOWED,
    NO_PUSH_SERVICE,
    Worker,
    activity,
    notification,
    pair,
    pairing_code,
)
from tests.stack import Stack
from tests.team import Team
from tests.waiting import eventually

pytestmark = pytest.mark.thorough

STEP = {"title": "Deploy", "type": "progress", "percentage": 55, "color": "green"}
BUTTONS = [
    {"id": f"00000000-0000-4000-8000-00000000000{place}", "title": title, "type": "webhook"}
    for place, title in enumerate(("Approve", "Reject", "Later", "Never"))
]


@pytest.fixture
def phone(place: Stack, open_page: OpenPage, complaints: list[str]) -> Page:
    """A browser that is paired and has allowed notifications, with its inbox open."""
    team = Team.of(place)
    page = open_page(place.base_url, "about:blank", **ALLOWED)
    page.add_init_script(NO_PUSH_SERVICE)
    # The server knows nothing of the activities here: its answer would take them off the screen.
    page.route("**/api/device/state*", lambda route: None)
    pair(page, pairing_code(team), team.unique("browser"))
    complaints.clear()
    return page


@pytest.fixture
def worker(phone: Page) -> Iterator[Worker]:
    """Its worker, which must not fail."""
    worker = Worker(phone)
    yield worker
    phone.evaluate("() => 0")
    assert worker.errors == []


def test_a_push_is_shown_with_as_many_buttons_as_there_is_room_for(phone: Page, worker: Worker) -> None:
    """The inbox has all of them."""
    worker.deliver(notification("Release?", "n1", body="3 reviewers", actions=BUTTONS))
    shown = worker.shows(title="Release?", body="3 reviewers", tag="n1", silent=False)
    assert [one["title"] for one in shown["actions"]] == ["Approve", "Reject"]
    assert [one["action"] for one in shown["actions"]] == [one["id"] for one in BUTTONS[:2]]
    card = phone.get_by_role("article", name="Notification: Release?")
    expect(card.get_by_text("3 reviewers")).to_be_visible()
    for button in BUTTONS:
        expect(card.get_by_role("button", name=button["title"])).to_be_visible()


def test_an_image_is_in_the_notification_and_other_media_in_the_inbox(
    phone: Page, worker: Worker, complaints: list[str]
) -> None:
    picture, sound = "https://127.0.0.1:9/door.jpg", "https://127.0.0.1:9/ring.mp3"
    worker.deliver(notification("Door", "n1", media=picture, icon="https://127.0.0.1:9/bell.png"))
    assert worker.shows(title="Door")["image"] == picture
    assert worker.shows(title="Door")["icon"] == "https://127.0.0.1:9/bell.png"
    worker.deliver(notification("Ring", "n2", media=sound))
    assert not worker.shows(title="Ring")["image"]
    expect(phone.get_by_role("article", name="Notification: Ring")).to_contain_text("The sound cannot be shown here")
    expect(phone.get_by_role("article", name="Notification: Door")).to_contain_text("The image cannot be shown here")
    assert all("net::ERR" in one for one in complaints)
    complaints.clear()


def test_a_replaced_text_takes_the_place_of_the_first_and_never_the_other_way_round(
    phone: Page, worker: Worker
) -> None:
    worker.deliver(notification("Deploy begins", "n1"))
    worker.shows(title="Deploy begins")
    worker.deliver(notification("Deploy is done", "n1", version=2, silent=True))
    worker.shows(title="Deploy is done", silent=True)
    worker.deliver(notification("Deploy begins", "n1"))
    worker.deliver(notification("Another", "n2"))
    worker.shows(title="Another")
    assert {(one["title"], one["silent"]) for one in worker.shown()} == {("Deploy is done", True), ("Another", False)}
    expect(phone.get_by_role("article", name="Notification: Deploy is done")).to_be_visible()
    expect(phone.get_by_role("article", name="Notification: Deploy begins")).to_have_count(0)


def test_what_cannot_be_read_is_shown_all_the_same(worker: Worker) -> None:
    """Browsers take the subscription away from a site that stays silent."""
    for payload in (
        "", "not JSON", "[]", "null", '"text"', "{}", '{"notification": 7}', '{"notification": {"title": ""}}',
    ):  # fmt: skip
        worker.deliver(payload)
        worker.shows(title="Something has come in")
        worker.clear()


def test_data_of_another_form_costs_no_notification(worker: Worker) -> None:
    for place, data in enumerate((
        None, 7, {"smith": None}, {"smith": {"kind": "activity", "id": "a1"}}, {"smith": {"kind": "future", "id": "x"}},
        {"smith": {"kind": "notification", "id": "n1", "actions": "none", "media": 7, "subtitle": 7, "version": "two"}},
    )):  # fmt: skip
        worker.deliver({"notification": {"title": f"Hello {place}", "body": "there", "data": data}})
        worker.shows(title=f"Hello {place}", body="there")
        worker.clear()


def test_an_activity_is_one_notification_that_changes_in_place(phone: Page, worker: Worker) -> None:
    """With its card as the picture; it rings where it alerts, and nowhere else."""
    worker.deliver(activity("a1", 1, STEP | {"percentage": 10}, event="start", alerting=True))
    first = worker.shows(tag="a1", silent=False, renotify=True)
    worker.deliver(activity("a1", 2, STEP))
    second = worker.shows(tag="a1", silent=True)
    assert first["image"].startswith("data:image/png;base64,")
    assert second["image"] != first["image"]
    worker.deliver(activity("a1", 3, STEP | {"percentage": 60, "title": "Deploy waits"}, alerting=True))
    worker.shows(title="Deploy waits", silent=False, renotify=True)
    assert len(worker.shown()) == 1


def test_an_older_state_never_replaces_a_newer_one(worker: Worker) -> None:
    worker.deliver(activity("a1", 3, STEP | {"title": "Third"}, alerting=True))
    worker.shows(title="Third")
    worker.deliver(activity("a1", 2, STEP | {"title": "Second"}, alerting=True))
    # Shown again, because a push that shows nothing is held against the site: without a sound.
    worker.shows(title="Third", silent=True)
    assert [one["title"] for one in worker.shown()] == ["Third"]


def test_what_a_person_has_removed_does_not_come_back(phone: Page, worker: Worker, complaints: list[str]) -> None:
    worker.deliver(activity("a1", 1, STEP))
    worker.shows(tag="a1")
    # The next answer of the server does not list an activity that it has never sent.
    phone.get_by_role("button", name="Remove Deploy").click()
    eventually("its notification is gone", worker.shown, until=lambda shown: shown == [])
    worker.deliver(activity("a1", 2, STEP, alerting=True))
    worker.deliver(notification("Marker", "n1"))
    worker.shows(title="Marker")
    assert [one["title"] for one in worker.shown()] == ["Marker"]
    expect(phone.get_by_role("article", name="Live Activity: Deploy")).to_have_count(0)
    # The server has never heard of this activity, and says so to the report.
    assert all("404" in one for one in complaints)
    complaints.clear()


def test_an_end_shows_how_it_ended_whenever_it_is_to_leave(worker: Worker) -> None:
    worker.deliver(activity("a1", 1, STEP))
    worker.shows(tag="a1")
    worker.deliver(activity("a1", 2, STEP | {"title": "Deployed"}, event="end", dismiss_at=int(time.time()) - 5))
    worker.shows(tag="a1", title="Deployed")


def test_an_activity_that_another_follows_makes_room(worker: Worker) -> None:
    worker.deliver(activity("a1", 1, STEP))
    worker.shows(tag="a1")
    worker.deliver(activity("a2", 1, STEP | {"title": "Next"}, event="start", replaces="a1"))
    worker.shows(tag="a2", title="Next")
    eventually("the first is gone", worker.shown, until=lambda shown: [one["tag"] for one in shown] == ["a2"])


STATES: list[dict[str, Any]] = [
    {"type": "segmented_progress", "number_of_steps": 5, "current_step": 3, "step_colors": ["green", "red"]},
    {"type": "metrics", "metrics": [{"label": "CPU", "value": 42, "unit": "%"}, {"label": "State", "value": "ok"}]},
    {"type": "stats", "metrics": [{"label": "Revenue", "value": "$2430", "color": "yellow"}]},
    {"type": "counter", "number_of_steps": 5, "current_step": 3},
    {"type": "countdown", "number_of_steps": 5, "current_step": 3},
    {"type": "timer", "timer": {"counts_down": True, "starts_at": 1_800_000_000, "ends_at": 1_900_000_000}},
    {"type": "timer", "timer": {"counts_down": False, "starts_at": 1_700_000_000}},
    {"type": "alert", "message": "Should I send the mail? " * 20, "badge": {"title": "Agent", "color": "magenta"}},
    {"type": "value", "value": "21.5 °C"},
    {"type": "from_the_future"},
    {"metrics": [None, 7, {}]},
]


def test_the_card_of_every_type_is_drawn(worker: Worker) -> None:
    for place, state in enumerate(STATES):
        worker.deliver(activity(f"a{place}", 1, {"title": "Card"} | state))
        assert len(worker.shows(tag=f"a{place}")["image"]) > 2000, state


def test_what_came_in_is_there_without_a_network(phone: Page, worker: Worker, complaints: list[str]) -> None:
    """The page too."""
    worker.deliver(notification("Kept", "n1", body="for later"))
    worker.shows(title="Kept")
    phone.context.set_offline(True)
    phone.reload()
    expect(phone.get_by_role("heading", name="You are offline")).to_be_visible()
    expect(phone.get_by_role("article", name="Notification: Kept")).to_be_visible()
    expect(phone.get_by_text("for later")).to_be_visible()
    phone.context.set_offline(False)
    complaints.clear()
