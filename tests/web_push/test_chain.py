"""The whole chain: a backend, the server, a push service, a real browser, the desktop, and a person who clicks."""

import asyncio
import uuid
from typing import Any

import pytest

from tests.web_push.world import World

pytestmark = pytest.mark.thorough


async def webhook_calls(world: World, name: str) -> list[dict[str, Any]]:
    """What the receiver of webhooks has got under this name."""
    answer = await asyncio.to_thread(world.team.simulator.get, f"/webhooks/{name}")
    return list(answer.json()["calls"])


async def test_a_push_rings_and_its_button_runs_a_webhook_with_no_page_open(paired: World) -> None:
    name = uuid.uuid4().hex
    await paired.leave_page()
    approve = {"title": "Approve", "type": "webhook", "url": f"{paired.stack.quickstart.webhook_sink_url}/{name}"}
    sent = await paired.push("Deploy?", message="production", actions=[approve])
    # The simulated iPhone, and this browser.
    assert sent["devices_notified"] == 2
    note = await paired.rings("Deploy?", says="production")
    assert await webhook_calls(paired, name) == []
    paired.desktop.press(note, "Approve")
    (call,) = await paired.until("the webhook is called", lambda: webhook_calls(paired, name))
    assert call["method"] == "POST"


async def test_a_click_on_the_notification_opens_the_page_at_it(paired: World) -> None:
    await paired.push("Look here", message="at this")
    paired.desktop.press(await paired.rings("Look here"))

    async def gone() -> bool:
        return not paired.desktop.titled("Look here")

    await paired.until("the notification has left the desktop", gone)
    await paired.browser.goto(f"{paired.origin}/phone/")
    await paired.sees("Look here")


async def test_nothing_is_missing_and_nothing_is_shown_twice_while_core_and_delivery_are_killed(paired: World) -> None:
    await paired.leave_page()
    titles = [f"News {number} {uuid.uuid4().hex[:6]}" for number in range(12)]

    async def kill() -> None:
        for name in ("core", "delivery", "core", "delivery"):
            await asyncio.to_thread(paired.stack.kill, name)
            await asyncio.to_thread(paired.stack.wait_answering)

    async def send() -> None:
        for title in titles:
            await paired.push(title)

    async with asyncio.TaskGroup() as group:
        group.create_task(kill())
        group.create_task(send())
    for title in titles:
        # `rings` fails if the desktop shows it twice.
        await paired.rings(title)


async def test_a_restarted_browser_gets_what_was_pushed_meanwhile(paired: World) -> None:
    await paired.browser.stop()
    sent = await paired.push("While you were away")
    assert sent["devices_notified"] == 2
    await paired.browser.start()
    await paired.rings("While you were away")


async def test_the_server_learns_of_a_permission_taken_back_and_of_one_given_back(paired: World) -> None:
    await paired.browser.allow(paired.origin, allowed=False)

    async def is_only_the_iphone() -> bool:
        return bool((await paired.push("Nobody sees it"))["devices_notified"] == 1)

    await paired.until("the push service has said that the browser is gone", is_only_the_iphone)
    await paired.browser.allow(paired.origin, allowed=True)

    async def is_both_again() -> bool:
        return bool((await paired.push("Allowed again"))["devices_notified"] == 2)

    await paired.until("the browser has subscribed again", is_both_again)
    await paired.until("it rings", lambda: _is_shown(paired, "Allowed again"))
    assert paired.desktop.ever("Nobody sees it") == []


async def _is_shown(world: World, title: str) -> bool:
    return bool(world.desktop.titled(title))


async def test_a_live_activity_moves_in_place_and_ends_and_its_button_runs_a_webhook(paired: World) -> None:
    await paired.leave_page()
    name = uuid.uuid4().hex
    stop = {"title": "Stop", "type": "webhook", "url": f"{paired.stack.quickstart.webhook_sink_url}/{name}"}

    def at(step: int, **more: Any) -> dict[str, Any]:
        segments = {"type": "segmented_progress", "number_of_steps": 4, "current_step": step}
        return {"content_state": {"title": "Release", "subtitle": f"step {step}", **segments}, "action": stop, **more}

    started = await paired.send("POST", "/api/live-activity/start", **at(1))
    activity = {"activity_id": started["activity_id"]}
    await paired.rings("Release", says="step 1")
    # Another step is shown 30 seconds after the push before it.
    await paired.send("POST", "/api/live-activity/update", **at(2), **activity)
    note = await paired.rings("Release", says="step 2")
    paired.desktop.press(note, "Stop")
    await paired.until("the webhook is called", lambda: webhook_calls(paired, name))
    await paired.send("POST", "/api/live-activity/end", **at(4), **activity)
    await paired.rings("Release", says="step 4")


async def test_a_live_activity_that_a_person_dismisses_stays_away(paired: World) -> None:
    await paired.leave_page()

    def at(percentage: int) -> dict[str, Any]:
        state = {"title": "Upload", "subtitle": f"step {percentage}", "type": "progress", "percentage": percentage}
        return {"content_state": state}

    started = await paired.send("POST", "/api/live-activity/start", **at(10))
    activity = {"activity_id": started["activity_id"]}
    paired.desktop.dismiss(await paired.rings("Upload", says="step 10"))

    def is_dismissed() -> bool:
        query = "SELECT count(*) FROM live_activity_devices WHERE device_id = %s AND phase = 'dismissed'"
        return bool(paired.stack.sql(query, paired.device_id)[0][0])

    await paired.until("the server knows it", lambda: asyncio.to_thread(is_dismissed))
    await paired.send("POST", "/api/live-activity/update", **at(55), **activity)
    await paired.push("After it")
    await paired.rings("After it")
    assert paired.desktop.titled("Upload") == []
