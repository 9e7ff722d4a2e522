"""A wrong key, topic or environment is loud and harmless: one alarm, nothing lost, and it goes on by itself."""

import queue
import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest
from smith.core.v1 import event_pb2, event_service_pb2, event_service_pb2_grpc

from tests.stack import Stack
from tests.team import Phone, Team, push, secret_of
from tests.waiting import LONG, eventually

pytestmark = pytest.mark.thorough

RESUMED_SECONDS = 2 * LONG
STOPPED, RESUMED = event_pb2.EVENT_TYPE_DELIVERY_STOPPED, event_pb2.EVENT_TYPE_DELIVERY_RESUMED


@pytest.fixture
def own_team(team: Team, phone: Phone) -> Iterator[Team]:
    """The module's account. APNs is healed after the test."""
    # One that no test loses: a tenth of dead phones would be an alarm of its own.
    assert phone.read()["push_token"]
    yield team
    team.no_faults()
    eventually("no alarm is left", lambda: alarms(team), RESUMED_SECONDS, until=lambda left: not left)


class Events:
    """What is told of lines to people who watch the account."""

    def __init__(self, stack: Stack, secret: str) -> None:
        self._channel = grpc.insecure_channel(stack.core_address)
        stub = event_service_pb2_grpc.EventServiceStub(self._channel)
        self._call = stub.WatchEvents(
            event_service_pb2.WatchEventsRequest(types=[STOPPED, RESUMED]),
            metadata=[("authorization", f"Bearer {secret}")],
        )
        next(self._call)
        self._told: queue.Queue[tuple[int, str]] = queue.Queue()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        try:
            for response in self._call:
                for event in response.events:
                    self._told.put((event.type, event.reason))
        except grpc.RpcError:
            return

    def next(self) -> tuple[int, str]:
        """Type and reason of the next."""
        return self._told.get(timeout=RESUMED_SECONDS)

    def end(self) -> list[tuple[int, str]]:
        """Watches no longer; what was told and not yet read."""
        self._call.cancel()
        self._thread.join()
        self._channel.close()
        return list(self._told.queue)


def alarms(team: Team) -> list[dict[str, Any]]:
    """What the server says is wrong."""
    return list(team.ask("GET", "/api/status").get("alarms", []))


def readiness(stack: Stack) -> dict[str, Any]:
    """What the gateway says to those who ask whether it is ready, which it must be. It gives core a second to say so,
    which a busy machine may not let it have."""
    answer = eventually(
        "the gateway is ready",
        lambda: httpx.get(f"{stack.base_url}/readyz", trust_env=False, timeout=LONG),
        until=lambda one: one.status_code == 200,
    )
    return dict(answer.json())


def apns_requests(team: Team) -> int:
    """How many pushes APNs has seen."""
    stats = team.simulator.get("/apns/stats").json()
    return int(stats["accepted"]) + int(stats["rejected"])


def test_a_revoked_key_stops_the_line_once_and_nothing_is_lost(breakable: Stack, own_team: Team) -> None:
    slug, channel_id = own_team.channel()
    phones, key, events = (
        [own_team.phone(channel_id=channel_id) for _ in range(3)],
        own_team.key(slug),
        Events(breakable, secret_of(own_team.key())),
    )
    assert readiness(breakable) == {"status": "ready"}
    told_before = breakable.stderr.count("sending to APNs is stopped")
    own_team.faults(settings={"revoke_key": True})
    before, began = apns_requests(own_team), time.monotonic()
    titles = [f"while the key is revoked {number}" for number in range(40)]
    for title in titles:
        answer = push(key, title=title)
        assert (answer.status_code, answer.json()["devices_queued"]) == (200, 3), answer.text
    started = key.put("/api/live-activity/stream/held", json={"content_state": progress(1)}).json()
    assert events.next() == (STOPPED, "InvalidProviderToken")
    [alarm] = alarms(own_team)
    assert (alarm["line"], alarm["reason"]) == ("sandbox", "InvalidProviderToken")
    assert "key" in alarm["explanation"]
    assert alarm["since"]
    eventually("readiness warns", lambda: readiness(breakable).get("warnings") == ["apns"])
    # The first push had three phones; the rest are probes: after 2 seconds, 4 and 8, and then every 8.
    assert apns_requests(own_team) - before <= 3 + 3 + (time.monotonic() - began) / 8

    own_team.no_faults()
    assert events.next() == (RESUMED, "InvalidProviderToken")
    for phone in phones:
        eventually("all is shown", phone.titles, RESUMED_SECONDS, until=lambda shown: set(shown) >= set(titles))
        assert sorted(phone.titles()) == sorted(titles), "once"
        phone.shows_activity(started["activity_id"], seconds=RESUMED_SECONDS, percentage=1)
    assert alarms(own_team) == []
    eventually("readiness does not warn", lambda: readiness(breakable) == {"status": "ready"})
    assert events.end() == []
    assert breakable.stderr.count("sending to APNs is stopped") - told_before == 1


def progress(percentage: int) -> dict[str, Any]:
    """A Live Activity's content."""
    return {"title": "Import", "type": "progress", "percentage": percentage}


def test_the_wrong_environment_costs_no_phone_and_no_push_that_was_promised(own_team: Team) -> None:
    slug, channel_id = own_team.channel()
    phones, key = [own_team.phone(channel_id=channel_id) for _ in range(50)], own_team.key(slug)
    own_team.faults(settings={"wrong_environment": True})
    answer = push(key, title="to the wrong environment").json()
    assert answer["devices_queued"] >= 45
    [alarm] = alarms(own_team)
    assert alarm["reason"] == "BadDeviceToken"
    assert "environment" in alarm["explanation"]
    assert push(key, title="meanwhile").json()["devices_queued"] >= 45
    dead = dead_phones(own_team, phones)
    assert len(dead) <= 5
    own_team.no_faults()

    def reached(*titles: str) -> set[str]:
        return {phone.id for phone in phones if set(titles) <= set(phone.titles())}

    others = {phone.id for phone in phones} - dead
    both = ("to the wrong environment", "meanwhile")
    eventually("the others have both", lambda: reached(*both), RESUMED_SECONDS, until=others.issubset)
    log = own_team.owner.get("/api/delivery-attempts", params={"outcomes": "token_dead"}).json()["delivery_attempts"]
    assert len(log) <= 5, "the log calls no token dead that is not"
    assert {attempt["concern"] for attempt in log} <= {"token_or_server"}

    eventually("no token is dead any more", lambda: not dead_phones(own_team, phones), RESUMED_SECONDS)
    eventually(
        "each has what it was sent before it was called dead",
        lambda: reached("to the wrong environment"),
        RESUMED_SECONDS,
        until=lambda found: len(found) == 50,
    )
    push(key, title="afterwards")
    eventually("all are reached", lambda: reached("afterwards"), RESUMED_SECONDS, until=lambda found: len(found) == 50)


def dead_phones(team: Team, phones: list[Phone]) -> set[str]:
    """Those whose token the server holds to be dead."""
    listed = team.owner.get("/api/devices", params={"states": "dead", "page_size": 1000}).json()["devices"]
    dead = {device["id"] for device in listed}
    return {phone.id for phone in phones if phone.device_id in dead}
