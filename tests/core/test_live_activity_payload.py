"""The bodies of pushes for Live Activities."""

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_service.live_activities.state.payload import (
    LATEST_TIMESTAMP,
    ActivityEvent,
    Message,
    PayloadBuilder,
    start_alert,
    update_alert,
)
from core_service.sending.errors import LIMIT_BYTES, PayloadTooLarge

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
BUILDER = PayloadBuilder("ActivitySmithAttributes")
STATE = {"title": "Deploy", "type": "progress", "percentage": 5}
STOP_ID, OPEN_ID = "01a20946-3eac-7376-9241-de4f185eb371", "01a20946-3eac-7376-9241-de4f185eb372"
WEBHOOK = {
    "id": STOP_ID,
    "title": "Stop",
    "type": "webhook",
    "url": "https://secret.test",
    "method": "POST",
    "body": "{}",
}
LINK = {"id": OPEN_ID, "title": "Open", "type": "open_url", "url": "https://a.test", "method": None, "body": None}
START = Message(
    activity_id="a" * 32,
    event=ActivityEvent.START,
    timestamp=1_700_000_000,
    content_state=json.dumps(STATE),
    action=None,
    secondary_action=None,
    alert={"title": "Deploy", "body": "Started", "sound": "default"},
    urgent=True,
    expires_at=NOW,
    dismiss_at=None,
)


def aps(message: Message) -> dict[str, Any]:
    """What the phone gets."""
    document = json.loads(BUILDER.build(message))
    assert document.keys() == {"aps"}
    return dict(document["aps"])


def test_a_start() -> None:
    assert aps(START) == {
        "timestamp": 1_700_000_000,
        "event": "start",
        "attributes-type": "ActivitySmithAttributes",
        "attributes": {"activity_id": "a" * 32},
        "input-push-token": 1,
        "content-state": STATE,
        "alert": {"title": "Deploy", "body": "Started", "sound": "default"},
        "stale-date": int(NOW.timestamp()),
        "relevance-score": 75,
    }


def test_a_silent_update() -> None:
    assert aps(replace(START, event=ActivityEvent.UPDATE, alert=None, urgent=False)) == {
        "timestamp": 1_700_000_000,
        "event": "update",
        "content-state": STATE,
        "stale-date": int(NOW.timestamp()),
        "relevance-score": 50,
    }


def test_an_end() -> None:
    end = replace(START, event=ActivityEvent.END, alert=None, dismiss_at=NOW + dt.timedelta(seconds=180))
    assert aps(end) == {
        "timestamp": 1_700_000_000,
        "event": "end",
        "content-state": STATE,
        "dismissal-date": int(NOW.timestamp()) + 180,
    }


def test_what_has_something_to_say_is_the_most_relevant() -> None:
    update = replace(START, event=ActivityEvent.UPDATE)
    assert aps(update)["relevance-score"] == 100
    assert aps(replace(update, alert=None))["relevance-score"] == 75


@pytest.mark.parametrize("event", ActivityEvent)
def test_a_phone_never_learns_a_webhooks_url(event: ActivityEvent) -> None:
    body = BUILDER.build(replace(START, event=event, action=json.dumps(WEBHOOK))).decode()
    assert json.loads(body)["aps"]["content-state"]["action"] == {"id": STOP_ID, "title": "Stop", "type": "webhook"}
    assert "secret" not in body
    link = aps(replace(START, event=event, action=json.dumps(LINK)))["content-state"]["action"]
    assert link == {"id": OPEN_ID, "title": "Open", "type": "open_url", "url": "https://a.test"}


def test_the_alert_of_a_start_always_has_something_to_say() -> None:
    assert start_alert(STATE, None, quiet=False) == {"title": "Deploy", "body": "Started", "sound": "default"}
    assert start_alert(STATE, None, quiet=True) == {"title": "Deploy", "body": "Started"}
    assert start_alert(STATE, {"body": "Look"}, quiet=True) == {"title": "Deploy", "body": "Look", "sound": "default"}
    titled = STATE | {"subtitle": "Build"}
    assert start_alert(titled, {"title": "Hey"}, quiet=False) == {"title": "Hey", "body": "Build", "sound": "default"}


def test_the_gaps_of_an_updates_alert_are_filled_from_the_state() -> None:
    assert update_alert(STATE, {}) == {"title": "Deploy", "body": "", "sound": "default"}
    assert update_alert(STATE | {"subtitle": "Build"}, {"title": "Hey"}) == {
        "title": "Hey",
        "body": "Build",
        "sound": "default",
    }


def require_room(state: dict[str, Any], action: dict[str, Any] | None, alert: dict[str, str]) -> None:
    """Raises PayloadTooLarge."""
    text = None if action is None else json.dumps(action)
    BUILDER.require_room("a" * 32, json.dumps(state, ensure_ascii=False), text, None, alert, asked=True)


@pytest.mark.parametrize(
    ("state", "action", "alert", "part"),
    [
        (STATE | {"subtitle": "x" * LIMIT_BYTES}, None, {"title": "a"}, "content_state"),
        (STATE | {"subtitle": "é" * (LIMIT_BYTES // 2)}, LINK, {"title": "a"}, "content_state"),
        (STATE, None, {"title": "a", "body": "x" * LIMIT_BYTES}, "alert"),
        (STATE, LINK | {"title": "x" * LIMIT_BYTES}, {"title": "a"}, "action"),
        (STATE, LINK | {"url": "https://a.test/" + "x" * LIMIT_BYTES}, {"title": "a"}, "action"),
    ],
)
def test_what_does_not_fit_is_refused_and_its_longest_part_named(
    state: dict[str, Any], action: dict[str, Any] | None, alert: dict[str, str], part: str
) -> None:
    with pytest.raises(PayloadTooLarge) as refusal:
        require_room(state, action, alert)
    assert refusal.value.facts["part"] == part


def test_an_older_app_gets_what_it_decodes_and_no_second_button() -> None:
    state = json.dumps({"title": "Deploy", "type": "alert", "message": "Done"})
    start = replace(START, content_state=state, action=json.dumps(LINK), secondary_action=json.dumps(WEBHOOK))
    shown = aps(start)["content-state"]
    assert (shown["type"], shown["message"], shown["secondary_action"]["id"]) == ("alert", "Done", STOP_ID)
    assert aps(replace(start, content_version=1))["content-state"] == {
        "title": "Deploy",
        "type": "metrics",
        "metrics": [],
        "subtitle": "Done",
        "action": {"id": OPEN_ID, "title": "Open", "type": "open_url", "url": "https://a.test"},
        "secondary_action": {"id": STOP_ID, "title": "Stop", "type": "webhook"},
    }


def test_a_message_is_what_an_alert_says() -> None:
    state = {"title": "Deploy", "type": "alert", "message": "Done", "subtitle": "main"}
    assert start_alert(state, None, quiet=False)["body"] == update_alert(state, {})["body"] == "Done"


def test_an_alert_that_was_not_asked_for_is_not_blamed() -> None:
    state = STATE | {"title": "x" * (LIMIT_BYTES // 2)}
    with pytest.raises(PayloadTooLarge) as refusal:
        BUILDER.require_room(
            "a" * 32, json.dumps(state), None, None, start_alert(state, None, quiet=False), asked=False
        )
    assert refusal.value.facts["part"] == "content_state"


def test_a_long_webhook_costs_no_room_on_the_phone() -> None:
    require_room(STATE, WEBHOOK | {"url": "https://a.test/" + "x" * 2000, "body": "x" * 60_000}, {"title": "a"})


@given(
    title=st.text(min_size=1, max_size=1500),
    subtitle=st.text(max_size=1500),
    body=st.text(max_size=1500),
    event=st.sampled_from(ActivityEvent),
    timestamp=st.integers(0, LATEST_TIMESTAMP),
)
def test_a_state_that_was_given_room_fits_in_every_push(
    title: str, subtitle: str, body: str, event: ActivityEvent, timestamp: int
) -> None:
    state = STATE | {"title": title, "subtitle": subtitle}
    alert = start_alert(state, {"body": body}, quiet=False)
    text = json.dumps(state, ensure_ascii=False)
    sent = replace(START, event=event, timestamp=timestamp, content_state=text, alert=alert, dismiss_at=NOW)
    try:
        BUILDER.require_room(sent.activity_id, text, None, None, alert, asked=True)
    except PayloadTooLarge:
        return
    assert len(BUILDER.build(sent)) <= LIMIT_BYTES
