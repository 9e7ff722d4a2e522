"""What simulated phones show, lose and keep."""

import json
import os
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.conftest import Handset
from tests.simulator.process import SimulatorProcess, phone_record, write_phones
from tests.simulator.sender import Sender

ACTIONS = [
    {"id": "a1", "title": "Open", "type": "open_url", "url": "https://example.com/open"},
    {"id": "a2", "title": "Run", "type": "webhook"},
]


def alert(title: str, **smith: Any) -> dict[str, Any]:
    """A push as the server sends them."""
    return {
        "aps": {"alert": {"title": title}, "sound": "default", "mutable-content": 1},
        "smith": {"notification_id": "n-1", **smith},
    }


def titles(simulator: SimulatorProcess, handset: Handset) -> list[str]:
    """The titles on the screen, newest last."""
    return [one["title"] for one in simulator.phone(handset.id)["notifications"]]


async def test_a_phone_shows_every_part_of_a_push(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    apns_id = str(uuid.uuid4())
    push: dict[str, dict[str, Any]] = {
        "aps": {"alert": {"title": "T", "subtitle": "S", "body": "B"}, "badge": 3, "sound": "ping"},
        "smith": {
            "notification_id": "n-1",
            "media": "https://example.com/a.png",
            "redirection": "https://example.com/r",
            "actions": ACTIONS,
            "payload": {"big": 12345678901234567890, "text": "😀"},
        },
    }
    async with sender:
        await sender.push(handset.push_token, push, apns_id=apns_id, apns_collapse_id="c")
    phone = simulator.phone(handset.id)
    (shown,) = phone["notifications"]
    assert shown.pop("received_at") == shown.pop("updated_at")
    assert shown == {
        "id": apns_id, "notification_id": "n-1", "collapse_id": "c", "title": "T", "subtitle": "S", "message": "B",
        "badge": 3, "media": "https://example.com/a.png", "redirection": "https://example.com/r",
        "payload": push["smith"]["payload"], "actions": ACTIONS, "sound": "ping", "updated_count": 0,
        "icon": None, "interruption_level": None, "thread_id": None,
    }  # fmt: skip
    assert phone["badge"] == 3
    assert phone["live_activities"] == []
    assert "dev_" not in json.dumps(phone)


async def test_parts_that_a_push_leaves_out_are_null(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    async with sender:
        await sender.push(handset.push_token, {"aps": {"alert": "only a body"}})
    (shown,) = simulator.phone(handset.id)["notifications"]
    assert shown["message"] == "only a body"
    assert shown["actions"] == []
    absent = ("notification_id", "collapse_id", "title", "subtitle", "badge", "media", "redirection", "payload")
    assert [shown[name] for name in (*absent, "sound")] == [None] * 9


async def test_the_same_collapse_id_replaces_in_place(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    async with sender:
        await sender.push(handset.push_token, alert("first"), apns_collapse_id="one")
        await sender.push(handset.push_token, alert("second"), apns_collapse_id="two")
        await sender.push(handset.push_token, alert("first again"), apns_collapse_id="one")
    shown = simulator.phone(handset.id)["notifications"]
    assert [(one["title"], one["updated_count"]) for one in shown] == [("first again", 1), ("second", 0)]


async def test_a_push_with_only_a_badge_changes_only_the_badge(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    async with sender:
        await sender.push(handset.push_token, {"aps": {"badge": 7}})
    phone = simulator.phone(handset.id)
    assert (phone["badge"], phone["notifications"]) == (7, [])


async def test_a_limit_picks_the_newest(simulator: SimulatorProcess, sender: Sender, handset: Handset) -> None:
    async with sender:
        for number in range(5):
            await sender.push(handset.push_token, alert(str(number)))
    phone = simulator.http.get(f"/phones/{handset.id}", params={"limit": 2}).json()
    assert [one["title"] for one in phone["notifications"]] == ["3", "4"]


async def test_nothing_is_shown_while_notifications_are_off(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    simulator.change_phone(handset.id, notifications_enabled=False)
    async with sender:
        assert (await sender.push(handset.push_token, alert("hidden"))).status == 200
        simulator.change_phone(handset.id, notifications_enabled=True)
        await sender.push(handset.push_token, alert("shown"))
    assert titles(simulator, handset) == ["shown"]


async def test_an_offline_phone_gets_the_latest_push_and_no_other(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    later = str(int(time.time()) + 3600)
    simulator.change_phone(handset.id, offline=True)
    async with sender:
        for title, expiration in (("lost", later), ("kept", later), ("never stored", "0")):
            answer = await sender.push(handset.push_token, alert(title), apns_expiration=expiration)
            assert answer.status == 200
    assert titles(simulator, handset) == []
    simulator.change_phone(handset.id, offline=False)
    assert titles(simulator, handset) == ["kept"]


async def test_an_expired_push_is_dropped(simulator: SimulatorProcess, sender: Sender, handset: Handset) -> None:
    simulator.change_phone(handset.id, offline=True)
    async with sender:
        await sender.push(handset.push_token, alert("old"), apns_expiration=str(int(time.time()) - 1))
    simulator.change_phone(handset.id, offline=False)
    assert titles(simulator, handset) == []


async def test_a_rotated_token_is_dead_even_if_the_gateway_cannot_be_told(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    before = time.time() * 1000
    response = simulator.http.post(f"/phones/{handset.id}/rotate-token")
    assert response.status_code == 503
    assert "gateway" in response.json()["message"]
    phone = simulator.phone(handset.id)
    assert phone["push_token"] != handset.push_token
    assert phone["tokens_reported"] is False
    async with sender:
        dead = await sender.push(handset.push_token)
        alive = await sender.push(phone["push_token"])
    assert (dead.status, dead.document["reason"]) == (410, "Unregistered")
    assert before - 1 <= dead.document["timestamp"] <= time.time() * 1000
    assert alive.status == 200


async def test_a_phone_that_never_returns_its_token_rotates_without_the_gateway(
    simulator: SimulatorProcess, handset: Handset
) -> None:
    simulator.change_phone(handset.id, token_delay_seconds=None)
    response = simulator.http.post(f"/phones/{handset.id}/rotate-token")
    assert response.status_code == 200
    assert response.json()["push_token"] == simulator.phone(handset.id)["push_token"] != handset.push_token


async def test_the_tokens_of_a_removed_app_are_dead(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    simulator.change_phone(handset.id, offline=True)
    assert simulator.http.post(f"/phones/{handset.id}/uninstall").json()["installed"] is False
    async with sender:
        assert (await sender.push(handset.push_token)).document["reason"] == "Unregistered"
        assert (await sender.push(handset.push_to_start_token)).document["reason"] == "Unregistered"
    assert simulator.http.post(f"/phones/{handset.id}/tap", json={}).status_code == 409


async def test_tapping_opens_what_the_notification_or_its_button_says(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    async with sender:
        await sender.push(handset.push_token, alert("1", actions=ACTIONS))
        await sender.push(handset.push_token, alert("2", media="https://example.com/m.png", notification_id="n-2"))
        await sender.push(handset.push_token, alert("3", redirection="https://example.com/r", media="https://x/m"))

    def tap(**body: str) -> tuple[int, Any]:
        response = simulator.http.post(f"/phones/{handset.id}/tap", json=body)
        return response.status_code, response.json().get("opened")

    assert tap() == (200, "https://example.com/r")
    assert tap(notification_id="n-2") == (200, "https://example.com/m.png")
    assert tap(action_id="a1") == (200, "https://example.com/open")
    assert tap(action_id="a2") == (503, None)
    assert tap(action_id="a9") == (404, None)


def test_an_unreachable_gateway_is_said_clearly(simulator: SimulatorProcess, handset: Handset) -> None:
    pairing = simulator.http.post("/phones", json={"pairing_code": "ABC", "name": "Mine"})
    deleting = simulator.http.delete(f"/phones/{handset.id}")
    for response in (pairing, deleting):
        assert response.status_code == 503
        assert response.json()["error"] == "Gateway unreachable"
    assert simulator.phone(handset.id)["id"] == handset.id


def test_the_list_of_phones_leaves_their_screens_out(simulator: SimulatorProcess, handset: Handset) -> None:
    phones = simulator.http.get("/phones").json()["phones"]
    (mine,) = [phone for phone in phones if phone["id"] == handset.id]
    assert "notifications" not in mine
    assert mine["settings"] == {
        "offline": False, "notifications_enabled": True, "token_delay_seconds": 0.0, "update_token_delay_seconds": 0.0,
        "catches_up": True, "content_version": 2, "frequent_pushes_enabled": False, "start_budget_per_hour": 20,
        "high_priority_budget_per_hour": None,
    }  # fmt: skip


@pytest.mark.parametrize("end", [pytest.param("stopped", marks=pytest.mark.thorough), "killed"])
@pytest.mark.slow
async def test_phones_survive_a_restart(folder: Path, end: str) -> None:
    record = phone_record(os.urandom(32).hex())
    write_phones(folder, [record])
    first = SimulatorProcess(folder).start()
    in_the_way = folder / "simulator" / "screens" / f"{record['id']}.json"
    if end == "killed":
        # Screens are saved every five seconds, and the machine may take longer until the end: this one cannot be.
        in_the_way.mkdir()
    first.change_phone(record["id"], token_delay_seconds=None)
    rotated = first.http.post(f"/phones/{record['id']}/rotate-token").json()["push_token"]
    async with Sender(first.apns_port, folder) as sender:
        await sender.push(rotated, {"aps": {"alert": "shown", "badge": 2}})
        first.change_phone(record["id"], offline=True)
        await sender.push(rotated, {"aps": {"alert": "stored"}})
    if end == "stopped":
        assert first.stop() == 0
    else:
        first.kill()
        in_the_way.rmdir()
    second = SimulatorProcess(folder).start()
    try:
        async with Sender(second.apns_port, folder) as sender:
            dead = await sender.push(record["push_token"])
            assert dead.document["reason"] == "Unregistered"
            second.change_phone(record["id"], offline=False)
            assert (await sender.push(rotated, {"aps": {"alert": "new"}})).status == 200
        phone = second.phone(record["id"])
        assert phone["settings"]["token_delay_seconds"] is None
        shown = [one["message"] for one in phone["notifications"]]
        if end == "stopped":
            assert (shown, phone["badge"]) == (["shown", "stored", "new"], 2)
        else:
            assert shown == ["new"]
    finally:
        second.stop()
    secret = folder / "simulator" / "phones.json"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in secret.parent.glob("screens/*"))


@pytest.mark.thorough
@pytest.mark.slow
async def test_a_screen_keeps_the_last_10000_notifications(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    async with sender:
        await sender.push(handset.push_token, alert("0"))
        for start in range(1, 10_001, 200):
            streams = [sender.post(handset.push_token, alert(str(n))) for n in range(start, min(start + 200, 10_001))]
            await sender.until(lambda streams=streams: all(sender.answers[one].ended for one in streams))  # type: ignore[misc]
    shown = titles(simulator, handset)
    assert shown == [str(number) for number in range(1, 10_001)]
