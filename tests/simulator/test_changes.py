"""Who follows the phones hears at once which of them changed; and what a person does to notifications."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.simulator.conftest import Handset
from tests.simulator.live import HOUR, LivePhone
from tests.simulator.process import SimulatorProcess
from tests.simulator.sender import Sender
from tests.simulator.test_phones import alert, titles
from tests.waiting import LONG


def changes(simulator: SimulatorProcess, since: str = "", wait_seconds: int = 0) -> dict[str, Any]:
    """The answer of the change feed."""
    response = simulator.http.get("/phones/changes", params={"since": since, "wait_seconds": wait_seconds})
    assert response.status_code == 200, response.text
    return dict(response.json())


async def heard(simulator: SimulatorProcess, since: str) -> dict[str, Any]:
    """The same while other things go on; waits."""
    async with httpx.AsyncClient(base_url=simulator.url, timeout=LONG) as client:
        response = await client.get("/phones/changes", params={"since": since, "wait_seconds": 15})
        return dict(response.json())


async def test_who_waits_hears_of_a_notification_when_it_comes(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    before = changes(simulator)["version"]
    async with sender, asyncio.TaskGroup() as group:
        waiting = group.create_task(heard(simulator, before))
        await sender.push(handset.push_token, alert("news"))
    answer = waiting.result()
    assert (answer["phones"], answer["complete"]) == ([handset.id], False)
    assert changes(simulator, answer["version"])["phones"] == []


@pytest.mark.parametrize("since", ["", "nonsense", "00000000-1", "-", "00000000-99999999999999999999"])
def test_who_comes_from_elsewhere_is_told_of_all_phones(simulator: SimulatorProcess, since: str) -> None:
    everybody = [phone["id"] for phone in simulator.http.get("/phones").json()["phones"]]
    answer = changes(simulator, since, wait_seconds=15)
    assert (answer["phones"], answer["complete"]) == (everybody, True)


async def test_everything_that_can_be_seen_is_a_change(live: LivePhone) -> None:
    version = changes(live.simulator)["version"]

    async def changed() -> bool:
        nonlocal version
        answer = changes(live.simulator, version)
        version = answer["version"]
        return live.id in answer["phones"]

    live.account.answering.clear()
    await live.started()
    assert await changed()
    live.account.answering.set()
    await live.until(lambda: live.card()["token_reported"])
    assert await changed()
    live.do("live-activities/a/dismiss")
    assert await changed()
    live.settings(offline=True)
    assert await changed()
    live.do("rotate-token")
    assert await changed()
    live.do("rotate-start-token", old="dead")
    assert await changed()


async def test_a_card_that_time_ends_is_a_change_too(live: LivePhone) -> None:
    await live.started()
    await live.until(lambda: live.card()["token_reported"])
    version = changes(live.simulator)["version"]
    live.advance(8 * HOUR + 1)
    assert live.id in changes(live.simulator, version, wait_seconds=15)["phones"]


async def test_a_person_dismisses_a_notification_and_clears_the_rest(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    async with sender:
        for title in ("one", "two", "three"):
            push = alert(title)
            push["aps"]["badge"] = 3
            await sender.push(handset.push_token, push)
    first, second, _ = simulator.phone(handset.id)["notifications"]
    notifications = f"/phones/{handset.id}/notifications"
    assert simulator.http.post(f"{notifications}/{second['id']}/dismiss").json() == {"dismissed": second["id"]}
    assert simulator.http.post(f"{notifications}/{second['id']}/dismiss").status_code == 404
    assert titles(simulator, handset) == ["one", "three"]
    assert simulator.http.post(f"{notifications}/clear").json() == {"cleared": 2}
    phone = simulator.phone(handset.id)
    assert (phone["notifications"], phone["badge"]) == ([], 0)
    assert simulator.http.post(f"{notifications}/{first['id']}/dismiss").status_code == 404


@pytest.mark.slow
def test_a_simulator_that_is_told_to_stop_lets_no_caller_wait(folder: Path) -> None:
    own = SimulatorProcess(folder, SMITH_DRAIN_SECONDS="20").start()
    version = changes(own)["version"]
    host, port = own.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=LONG) as waiting:
        asked = f"GET /phones/changes?since={version}&wait_seconds=30 HTTP/1.1\r\nhost: {host}\r\n\r\n"
        waiting.sendall(asked.encode())
        assert own.http.get("/healthz").status_code == 200
        assert own.stop() == 0
        assert waiting.recv(100_000).startswith(b"HTTP/1.1 200")
