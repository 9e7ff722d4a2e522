"""A phone's life: its tokens change, die and come back; it goes offline; it leaves."""

from tests.e2e.conftest import Audience
from tests.stack import Stack
from tests.team import Team, push
from tests.waiting import eventually


def state_of(team: Team, device_id: str) -> dict[str, object]:
    """The device as the owner's list shows it."""
    page = team.owner.get("/api/devices", params={"page_size": 1000}).json()
    return next(dict(device) for device in page["devices"] if device["id"] == device_id)


def test_a_rotated_token_is_used_on_the_next_push(audience: Audience) -> None:
    before = audience.phone.read()["push_token"]
    audience.phone.do("rotate-token")
    assert audience.phone.read()["push_token"] != before
    assert push(audience.key, title="rotated").json()["devices_notified"] == 1
    audience.phone.shows("rotated")


def test_a_dead_token_deactivates_exactly_that_token(team: Team, audience: Audience) -> None:
    neighbour = team.phone(channel_id=audience.channel_id)
    audience.phone.do("uninstall")
    answer = push(audience.key, title="one is gone").json()
    assert (answer["devices_notified"], answer.get("devices_queued", 0)) == (1, 0)
    neighbour.shows("one is gone")
    gone = state_of(team, audience.phone.device_id)
    assert (gone["push_token_state"], gone["push_token_reason"]) == ("dead", "Unregistered")
    assert state_of(team, neighbour.device_id)["push_token_state"] == "active"


def test_a_device_comes_back_with_its_next_token(faulty: Team, audience: Audience) -> None:
    faulty.faults(tokens={audience.phone.read()["push_token"]: [{"status": 410, "reason": "ExpiredToken"}]})
    push(audience.key, title="nobody home")
    assert state_of(faulty, audience.phone.device_id)["push_token_state"] == "dead"
    audience.phone.do("rotate-token")
    assert state_of(faulty, audience.phone.device_id)["push_token_state"] == "active"
    assert push(audience.key, title="back").json()["devices_notified"] == 1
    audience.phone.shows("back")


def test_only_dead_devices_left_means_no_recipients(audience: Audience) -> None:
    audience.phone.do("uninstall")
    push(audience.key, title="finds out")
    assert push(audience.key, title="knows").status_code == 404


def test_an_old_death_notice_does_not_kill_a_newer_token(faulty: Team, audience: Audience) -> None:
    token = audience.phone.read()["push_token"]
    faulty.faults(tokens={token: [{"status": 410, "reason": "Unregistered", "timestamp": 1_600_000_000_000}, {}]})
    push(audience.key, title="old notice")
    assert state_of(faulty, audience.phone.device_id)["push_token_state"] == "active"


def test_an_offline_phone_shows_the_last_push_when_it_is_back(audience: Audience) -> None:
    audience.phone.do("settings", offline=True)
    assert push(audience.key, title="first while offline").json()["devices_notified"] == 1
    push(audience.key, title="last while offline")
    assert audience.phone.titles() == []
    audience.phone.do("settings", offline=False)
    audience.phone.shows("last while offline")


def test_an_unpaired_phone_is_reached_no_more(team: Team, audience: Audience) -> None:
    neighbour = team.phone(channel_id=audience.channel_id)
    audience.phone.remove()
    assert push(audience.key, title="after leaving").json()["devices_notified"] == 1
    neighbour.shows("after leaving")


def test_a_device_that_the_owner_deletes_is_refused_from_then_on(team: Team, audience: Audience) -> None:
    team.ask("DELETE", f"/api/devices/{audience.phone.device_id}")
    refused = team.simulator.post(f"/phones/{audience.phone.id}/rotate-token", json={})
    assert refused.status_code == 401
    assert push(audience.key, title="x").status_code == 404


def test_a_push_owed_to_a_token_that_rotates_meanwhile_goes_to_the_new_one(
    stack: Stack, faulty: Team, audience: Audience
) -> None:
    token = audience.phone.read()["push_token"]
    faulty.faults(tokens={token: [{"status": 429, "reason": "TooManyRequests"}]})
    answer = push(audience.key, title="follows the phone").json()
    assert (answer["devices_notified"], answer["devices_queued"]) == (0, 1)
    audience.phone.do("rotate-token")
    # It would be tried again in half a minute.
    waits = "UPDATE deliveries SET due_at = now() WHERE device_id = %s AND state = 'due' AND attempts > 0 RETURNING 1"
    eventually("it waits", lambda: stack.sql(waits, audience.phone.device_id))
    audience.phone.shows("follows the phone", seconds=60)


def test_a_pairing_code_works_once(team: Team) -> None:
    code = team.ask("POST", "/api/pairing-codes")["pairing_code"]
    first = team.anybody.post("/api/device/pair", json={"pairing_code": code, "name": "one"})
    second = team.anybody.post("/api/device/pair", json={"pairing_code": code, "name": "two"})
    assert first.status_code == 200
    assert second.status_code == 404
    device = team.client(first.json()["device_token"])
    tokens = {"push_token": "ab" * 32, "environment": "production", "bundle_id": "com.example.app"}
    stored = device.put("/api/device/tokens", json=tokens)
    assert stored.status_code == 200
    assert stored.json()["device"]["environment"] == "production"
    assert device.delete("/api/device").status_code == 200
    assert eventually("the device is refused", lambda: device.put("/api/device/tokens", json=tokens).status_code == 401)
