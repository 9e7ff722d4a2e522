"""What browsers get of a Live Activity: one line for the notification, and the state where it fits."""

import datetime as dt
import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core_service.live_activities.state.payload import ActivityEvent
from core_service.live_activities.state.web_form import (
    MAX_LINE,
    BrowserCard,
    activity_for_browsers,
    withdrawn_for_browsers,
)
from core_service.sending.web_form import CUT, LIMIT_BYTES

PAGE = "https://smith.example.com/phone/"
EXPIRES = dt.datetime(2026, 1, 1, 8, tzinfo=dt.UTC)
STATE = {"title": "Nightly backup", "subtitle": "upload archive", "type": "progress", "percentage": 55}
STOP_ID, OPEN_ID = "01a20946-3eac-7376-9241-de4f185eb371", "01a20946-3eac-7376-9241-de4f185eb372"
STOP = {"id": STOP_ID, "title": "Stop", "type": "webhook", "url": "https://secret.test", "method": "POST", "body": "{}"}
OPEN = {"id": OPEN_ID, "title": "Open", "type": "open_url", "url": "https://a.test/", "method": None, "body": None}
CARD = BrowserCard(
    activity_id="a" * 32,
    event=ActivityEvent.UPDATE,
    version=17,
    timestamp=1_767_225_600,
    content_state=json.dumps(STATE),
    action=None,
    secondary_action=None,
    alert=None,
    expires_at=EXPIRES,
    dismiss_at=None,
)


def message(card: BrowserCard, page: str | None = PAGE) -> Any:
    """What a browser gets of it."""
    written = activity_for_browsers(card, page)
    assert len(written) <= LIMIT_BYTES
    return json.loads(written)


def test_a_silent_update() -> None:
    assert message(CARD) == {
        "web_push": 8030,
        "notification": {
            "title": "Nightly backup",
            "body": "55 % · upload archive",
            "navigate": f"{PAGE}#a={'a' * 32}",
            "tag": "a" * 32,
            "silent": True,
            "data": {
                "smith": {
                    "kind": "activity",
                    "id": "a" * 32,
                    "event": "update",
                    "version": 17,
                    "timestamp": 1_767_225_600,
                    "alerting": False,
                    "state": STATE,
                    "stale_at": int(EXPIRES.timestamp()),
                }
            },
        },
    }


def test_without_the_url_of_its_page_it_is_not_declarative() -> None:
    got = message(CARD, None)
    assert "web_push" not in got
    assert got["notification"]["navigate"] == f"/phone/#a={'a' * 32}"


def test_an_alert_is_said_above_the_line_and_makes_a_sound() -> None:
    shown = message(replace(CARD, alert={"title": "Look", "body": "It is slow"}))["notification"]
    assert (shown["title"], shown["body"]) == ("Look", "It is slow\n55 % · upload archive")
    assert "silent" not in shown
    assert shown["data"]["smith"]["alerting"] is True
    shown = message(replace(CARD, alert={}))["notification"]
    assert (shown["title"], shown["body"], "silent" in shown) == ("Nightly backup", "55 % · upload archive", False)


def test_an_end_says_when_it_leaves_the_screen_and_a_successor_whose_place_it_takes() -> None:
    ended = replace(CARD, event=ActivityEvent.END, dismiss_at=EXPIRES - dt.timedelta(hours=1), replaces="b" * 32)
    smith = message(ended)["notification"]["data"]["smith"]
    assert (smith["event"], smith["dismiss_at"]) == ("end", int(EXPIRES.timestamp()) - 3600)
    assert smith["replaces"] == "b" * 32


def test_a_webhook_leads_to_the_page_and_its_url_stays_here() -> None:
    got = message(replace(CARD, action=json.dumps(STOP), secondary_action=json.dumps(OPEN)))
    assert got["notification"]["actions"] == [
        {"action": STOP_ID, "title": "Stop", "navigate": f"{PAGE}#a={'a' * 32}"},
        {"action": OPEN_ID, "title": "Open", "navigate": "https://a.test/"},
    ]
    state = got["notification"]["data"]["smith"]["state"]
    assert state["action"] == {"id": STOP_ID, "title": "Stop", "type": "webhook"}
    assert "secret.test" not in json.dumps(got)


def test_a_long_line_is_cut_and_the_state_stays_whole() -> None:
    long = STATE | {"subtitle": "x" * 800}
    shown = message(replace(CARD, content_state=json.dumps(long)))["notification"]
    assert shown["body"] == f"55 % · {'x' * 800}"[:MAX_LINE] + CUT
    assert shown["data"]["smith"]["state"] == long


def test_a_state_that_does_not_fit_is_left_to_the_page_and_the_line_says_it() -> None:
    metrics = [{"label": f"disk {number}", "value": number, "unit": "%"} for number in range(50)]
    wide = {"title": "Disks", "type": "metrics", "metrics": metrics}
    shown = message(replace(CARD, content_state=json.dumps(wide)))["notification"]
    assert "state" not in shown["data"]["smith"]
    assert shown["data"]["smith"]["version"] == 17
    assert shown["body"].startswith("disk 0: 0%, disk 1: 1%")
    assert (shown["title"], shown["tag"]) == ("Disks", "a" * 32)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=1500)


@given(title=texts, subtitle=texts, said=texts, url=st.integers(0, 2000), page=st.none() | st.just(PAGE))
def test_whatever_it_holds_it_fits_and_says_what_it_is(
    title: str, subtitle: str, said: str, url: int, page: str | None
) -> None:
    state = STATE | {"title": f"T{title}", "subtitle": subtitle}
    button = json.dumps(OPEN | {"url": "https://a.test/" + "u" * url})
    card = replace(CARD, content_state=json.dumps(state), action=button, alert={"body": said}, replaces="b" * 32)
    shown = message(card, page)["notification"]
    smith = shown["data"]["smith"]
    assert shown["title"].startswith("T")
    assert shown["tag"] == smith["id"] == "a" * 32
    assert (smith["version"], smith["event"], smith["replaces"]) == (17, "update", "b" * 32)
    assert "state" not in smith or smith["state"].items() >= state.items(), "all of the state, or nothing"


def test_what_may_not_be_shown_any_more_gives_its_place_to_what_reveals_nothing() -> None:
    got = json.loads(withdrawn_for_browsers("a" * 32, 1_767_225_600, PAGE))
    shown = got["notification"]
    assert (shown["title"], shown["tag"], shown["silent"]) == ("Unpaired", "a" * 32, True)
    assert (shown["data"]["smith"]["event"], shown["data"]["smith"]["dismiss_at"]) == ("end", 1_767_225_600)
