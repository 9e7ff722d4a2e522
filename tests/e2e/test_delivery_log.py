"""Every push leaves a line, and the server says why something is or is not on a phone."""

from typing import Any

import httpx
import pytest

from tests.e2e.backend import steps
from tests.e2e.conftest import Audience, LiveAudience
from tests.stack import Stack
from tests.team import Team, push
from tests.waiting import eventually

JSON = dict[str, Any]


def attempts(team: Team, **filters: Any) -> list[JSON]:
    """The log, newest first."""
    answer = team.owner.get("/api/delivery-attempts", params=filters)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["delivery_attempts"])


def logged(team: Team, count: int, **filters: Any) -> list[JSON]:
    """The log, once it has so many lines."""
    return eventually(
        f"{count} attempts are logged", lambda: attempts(team, **filters), until=lambda a: len(a) == count
    )


def verdict(team: Team, device_id: str, **subject: str) -> JSON:
    """Why it is or is not on the device."""
    answer = team.owner.get(f"/api/devices/{device_id}/explain", params=subject)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["verdict"])


def send(stack: Stack, audience: Audience, title: str) -> str:
    """The id of a notification that was accepted."""
    assert push(audience.key, title=title).status_code == 200
    return str(stack.sql("SELECT id FROM notifications WHERE title = %s ORDER BY id DESC LIMIT 1", title)[0][0])


def test_a_push_leaves_a_line_with_all_that_is_known(team: Team, stack: Stack, audience: Audience) -> None:
    notification_id = send(stack, audience, "logged")
    [line] = logged(team, 1, notification_id=notification_id)
    assert line["device_id"] == audience.phone.device_id
    assert line["notification_id"] == notification_id
    assert (line["event"], line["priority"], line["outcome"], line["status_code"]) == ("alert", 10, "accepted", 200)
    assert line["reason"] == ""
    assert 0 <= line["latency_ms"] < 10_000
    [seen] = team.sent_to(audience.phone.read()["push_token"])
    assert seen["headers"]["apns-id"] == line["apns_id"]


def test_each_filter_finds_the_line_and_a_wrong_one_does_not(team: Team, stack: Stack, audience: Audience) -> None:
    notification_id = send(stack, audience, "filtered")
    [line] = logged(team, 1, notification_id=notification_id)
    device_id = audience.phone.device_id
    for filters in (
        {"device_id": device_id},
        {"channel": audience.slug},
        {"device_id": device_id, "outcomes": "accepted"},
        {"channel": audience.slug, "outcomes": "accepted", "notification_id": notification_id},
    ):
        assert attempts(team, **filters) == [line], filters
    for filters in (
        {"device_id": device_id, "outcomes": "rejected"},
        {"device_id": "00000000-0000-4000-8000-000000000000"},
        {"channel": "no-such-channel", "device_id": device_id},
        {"activity_id": "x" * 32},
        {"stream_key": "no-such-stream"},
        {"notification_id": notification_id, "activity_id": "x" * 32},
    ):
        assert attempts(team, **filters) == [], filters


def test_pages_go_back_in_time(team: Team, stack: Stack, audience: Audience) -> None:
    for number in range(5):
        send(stack, audience, f"page {number}")
    everything = logged(team, 5, device_id=audience.phone.device_id)
    found, token = [], None
    while token is not None or not found:
        params = {"device_id": audience.phone.device_id, "page_size": 2} | ({"page_token": token} if token else {})
        page = team.owner.get("/api/delivery-attempts", params=params).json()
        found += page["delivery_attempts"]
        token = page.get("next_page_token")
    assert found == everything
    assert [line["id"] for line in found] == sorted((line["id"] for line in found), reverse=True)


def test_a_live_activity_is_found_by_activity_and_stream(team: Team, live: LiveAudience) -> None:
    answer = live.backend.put("logged", steps(1))
    live.phone.live(answer["activity_id"])
    live.backend.put("logged", steps(2))
    live.phone.shows_activity(answer["activity_id"], current_step=2)
    lines = logged(team, 2, activity_id=answer["activity_id"])
    assert [(line["event"], line["activity_id"]) for line in lines] == [
        ("update", answer["activity_id"]),
        ("start", answer["activity_id"]),
    ]
    assert attempts(team, stream_key="logged", device_id=live.phone.device_id) == lines
    said = verdict(team, live.phone.device_id, stream_key="logged")
    assert said["code"] == "accepted"
    assert said["attempts"] == lines


def test_an_accepted_push_is_explained(team: Team, stack: Stack, audience: Audience) -> None:
    notification_id = send(stack, audience, "explained")
    audience.phone.shows("explained")
    # No push waits for its line.
    logged(team, 1, notification_id=notification_id)
    said = verdict(team, audience.phone.device_id, notification_id=notification_id)
    assert said["code"] == "accepted"
    assert said["explanation"].startswith("APNs accepted it at ")
    assert len(said["attempts"]) == 1


def test_a_dead_token_is_explained(faulty: Team, stack: Stack, audience: Audience) -> None:
    token = audience.phone.read()["push_token"]
    faulty.faults(tokens={token: [{"status": 410, "reason": "Unregistered"}]})
    notification_id = send(stack, audience, "dead")
    said = eventually(
        "the token is dead",
        lambda: verdict(faulty, audience.phone.device_id, notification_id=notification_id),
        # No push waits for its line.
        until=lambda found: found["code"] == "token_dead" and bool(found["attempts"]),
    )
    assert "Unregistered" in said["explanation"]
    assert said["attempts"][0]["status_code"] == 410


def test_a_phone_that_has_not_allowed_live_activities_is_explained(team: Team, live: LiveAudience) -> None:
    live.phone.do("settings", update_token_delay_seconds=3600)
    activity_id = live.backend.start(steps())["activity_id"]
    live.phone.shows_activity(activity_id)
    said = verdict(team, live.phone.device_id, activity_id=activity_id)
    assert said["code"] == "waiting_for_update_token"
    assert "likely waiting for Allow" in said["explanation"]
    assert said["advice"]


def test_a_paused_stream_is_explained(team: Team, live: LiveAudience) -> None:
    first = live.backend.put("paused", steps(1))["activity_id"]
    live.phone.live(first)
    assert team.owner.post("/api/live-activity/stream/paused/pause").status_code == 200

    def code(**subject: str) -> str:
        return str(verdict(team, live.phone.device_id, **subject)["code"])

    eventually("it is off the phone", lambda: code(stream_key="paused"), until=lambda found: found == "stream_paused")
    live.backend.put("paused", steps(2))
    assert code(stream_key="paused") == "stream_paused"
    resumed = team.owner.post("/api/live-activity/stream/paused/resume").json()["activity_id"]
    live.phone.live(resumed)
    assert code(stream_key="paused") == "accepted"
    assert code(activity_id=first) == "ended"


def test_a_card_that_was_removed_is_not_said_to_wait_for_allow(faulty: Team, stack: Stack, live: LiveAudience) -> None:
    activity_id = live.backend.put("removed", steps(1))["activity_id"]
    live.phone.live(activity_id)
    [[token]] = stack.sql("SELECT update_token FROM live_activity_devices WHERE activity_id = %s", activity_id)
    faulty.faults(tokens={token: [{"status": 410, "reason": "Unregistered"}]})
    live.backend.put("removed", steps(2))
    said = eventually(
        "the token is dead",
        lambda: verdict(faulty, live.phone.device_id, stream_key="removed"),
        # Until it is sent it is being sent.
        until=lambda found: found["code"] not in ("accepted", "retrying"),
    )
    assert said["code"] == "token_dead", said


def test_a_device_outside_the_target_is_told_so(team: Team, stack: Stack, audience: Audience) -> None:
    notification_id = send(stack, audience, "not for all")
    other = team.app(team.channel()[1])
    assert verdict(team, other.device_id, notification_id=notification_id)["code"] == "not_a_recipient"


@pytest.mark.parametrize(
    ("params", "status", "words"),
    [
        ({"notification_id": "x"}, 400, "notification_id"),
        ({"device_id": "x"}, 400, "device_id"),
        ({"outcomes": "lost"}, 400, "outcomes"),
        ({"page_size": 0}, 400, "page_size"),
        ({"page_token": "x"}, 400, "page_token"),
    ],
)
def test_a_wrong_question_is_refused_by_name(team: Team, params: JSON, status: int, words: str) -> None:
    answer = team.owner.get("/api/delivery-attempts", params=params)
    assert answer.status_code == status
    assert words in answer.json()["message"]


def test_who_may_ask(team: Team, neighbours: Team, stack: Stack, audience: Audience) -> None:
    notification_id = send(stack, audience, "private")
    path = f"/api/devices/{audience.phone.device_id}/explain"
    subject = {"notification_id": notification_id}

    def status(client: httpx.Client) -> int:
        return client.get(path, params=subject).status_code

    assert [status(client) for client in (team.owner, team.key(), audience.key, neighbours.owner)] == [
        200,
        200,
        403,
        404,
    ]
    assert audience.key.get("/api/delivery-attempts").status_code == 403
    assert attempts(neighbours, notification_id=notification_id) == []
    assert team.owner.get(path).status_code == 400
    assert team.owner.get(path, params=subject | {"stream_key": "a"}).status_code == 400
    assert team.owner.get(path, params={"stream_key": "none"}).status_code == 404
