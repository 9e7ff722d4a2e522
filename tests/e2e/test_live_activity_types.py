"""The types of today reach the phone: what they show, their buttons, and what an older app gets of them."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import Audience
from tests.team import Team, push
from tests.waiting import eventually

OPEN = {"title": "Open", "type": "open_url", "url": "http://grafana.lan/d/1"}
SEND = {"title": "Send", "type": "webhook", "url": "https://hooks.example.com/send", "body": {"id": 1}}
TODAY: list[dict[str, Any]] = [
    {"type": "alert", "message": "Lumen came back", "icon": {"symbol": "cloud.sun", "color": "yellow"}},
    {"type": "stats", "metrics": [{"label": "Sales", "value": "$1,240", "color": "gray"}, {"label": "Up", "value": 7}]},
    {"type": "value", "value": "0007", "badge": {"title": "New", "color": "magenta"}},
    {"type": "value", "value": -12.75},
    {"type": "metrics", "metrics": [{"label": "State", "value": "ok"}, {"label": "Requests", "value": 1240.5}]},
    {"type": "segmented_progress", "number_of_steps": 3, "current_step": 0, "color": "gray"},
]


@pytest.fixture(autouse=True)
def clear_screen(audience: Audience) -> Iterator[None]:
    """Leaves room for the next test's cards: iOS shows five of an app."""
    yield
    for card in audience.phone.cards():
        audience.phone.dismiss(card["activity_id"])


def start(audience: Audience, state: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Starts a card and answers with what the backend was told."""
    body = {"content_state": {"title": "Deploy", **state}, "target": {"channels": [audience.slug]}, **more}
    answer = audience.key.post("/api/live-activity/start", json=body, headers={"Prefer": "handling=strict"})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("state", TODAY, ids=[f"{state['type']}-{n}" for n, state in enumerate(TODAY)])
def test_a_phone_of_today_shows_what_was_sent(audience: Audience, state: dict[str, Any]) -> None:
    answer = start(audience, state)
    audience.phone.shows_activity(answer["activity_id"], title="Deploy", **state)
    assert "warning" not in answer


def test_a_timer_runs_on_the_phone_through_updates_and_stops_at_its_end(audience: Audience) -> None:
    tick = {"title": "Bench", "counts_down": True, "is_running": True}
    activity_id = start(audience, {"type": "timer", "duration_seconds": 300})["activity_id"]
    card = audience.phone.shows_activity(activity_id, type="timer")["content_state"]
    window = card["timer"]
    assert window["ends_at"] - window["starts_at"] == 300
    audience.phone.live(activity_id)
    update = {"activity_id": activity_id, "content_state": tick | {"subtitle": "warm"}}
    assert audience.key.post("/api/live-activity/update", json=update).status_code == 200
    assert audience.phone.shows_activity(activity_id, subtitle="warm")["content_state"]["timer"] == window
    end = {"activity_id": activity_id, "content_state": tick | {"subtitle": "done"}}
    assert audience.key.post("/api/live-activity/end", json=end).status_code == 200
    ended = audience.phone.shows_activity(activity_id, state="ended", subtitle="done")["content_state"]["timer"]
    assert {**window, "paused_at": ended["paused_at"]} == ended


def test_a_card_has_two_buttons_that_stay_until_others_are_given(audience: Audience) -> None:
    state = {"type": "alert", "message": "Refund?"}
    activity_id = start(audience, state, action=OPEN, secondary_action=SEND)["activity_id"]
    before = audience.phone.shows_activity(activity_id, message="Refund?")["actions"]
    assert [button["title"] for button in before] == ["Open", "Send"]
    assert (before[0]["url"], "url" in before[1]) == (OPEN["url"], False)
    audience.phone.live(activity_id)
    update = {"activity_id": activity_id, "content_state": {"title": "Deploy", "message": "Refund now?"}}
    assert audience.key.post("/api/live-activity/update", json=update).status_code == 200
    assert audience.phone.shows_activity(activity_id, message="Refund now?")["actions"] == before
    update["secondary_action"] = SEND | {"title": "Deny"}
    update["content_state"]["message"] = "Well?"
    assert audience.key.post("/api/live-activity/update", json=update).status_code == 200
    after = audience.phone.shows_activity(activity_id, message="Well?")["actions"]
    assert (after[0], after[1]["title"]) == (before[0], "Deny")


def test_a_second_button_is_refused_where_the_type_has_none(audience: Audience) -> None:
    body = {
        "content_state": {"title": "t", "type": "metrics", "metrics": [{"label": "a", "value": 1}]},
        "secondary_action": OPEN,
    }
    answer = audience.key.post("/api/live-activity/start", json=body)
    assert (answer.status_code, answer.json()["field"]) == (400, "secondary_action")


def test_tags_and_metadata_stay_on_the_server_and_through_updates(team: Team, audience: Audience) -> None:
    state = {"type": "progress", "percentage": 1}
    answer = start(audience, state, tags=["Nightly", "db"], metadata={"run": 7.0})
    activity_id = answer["activity_id"]
    assert answer["tags"] == ["Nightly", "db"]

    def update(**more: Any) -> dict[str, Any]:
        body = {"activity_id": activity_id, "content_state": {"title": "Deploy", "percentage": 2}, **more}
        return dict(audience.key.post("/api/live-activity/update", json=body).json())

    def stored() -> tuple[Any, Any]:
        found = team.ask("GET", f"/api/live-activities/{activity_id}")["live_activity"]
        return found.get("tags"), found.get("metadata")

    assert update()["tags"] == ["Nightly", "db"]
    assert stored() == (["Nightly", "db"], {"run": 7})
    assert update(tags=["other"], metadata={})["tags"] == ["other"]
    assert stored() == (["other"], {})
    assert "tags" not in update(tags=[])
    assert stored() == (None, {})


def test_a_put_that_changes_tags_alone_stores_them_and_tells_no_phone(team: Team, audience: Audience) -> None:
    body = {"content_state": {"title": "Deploy", "type": "progress", "percentage": 1}, "channels": [audience.slug]}
    stream = "/api/live-activity/stream/tagged"
    activity_id = audience.key.put(stream, json=body).json()["activity_id"]
    audience.phone.live(activity_id)
    answer = audience.key.put(stream, json=body | {"tags": ["late"]}).json()
    assert (answer["operation"], answer["tags"]) == ("noop", ["late"])
    found = team.owner.get("/api/live-activities", params={"tags": ["LATE"]}).json()["live_activities"]
    assert [(one["activity_id"], one["version"]) for one in found] == [(activity_id, 1)]
    assert audience.key.delete(stream).status_code == 200


def test_an_app_of_march_gets_a_simpler_form_and_the_backend_is_told(audience: Audience) -> None:
    audience.phone.do("settings", content_version=1)
    eventually("the server knows what the app decodes", lambda: audience.phone.read()["tokens_reported"])
    try:
        for number, state in enumerate(TODAY[:5]):
            answer = start(audience, state | {"title": f"Older {number}"})
            assert "older than this content" in answer["warning"]
            card = audience.phone.shows_activity(answer["activity_id"], type="metrics", title=f"Older {number}")
            values = [metric["value"] for metric in card["content_state"]["metrics"]]
            assert all(isinstance(value, int | float) for value in values)
            audience.phone.dismiss(answer["activity_id"])
        assert "warning" not in start(audience, TODAY[5])
    finally:
        audience.phone.do("settings", content_version=2)
    assert push(audience.key, title="x").status_code == 200
