"""Real browsers subscribe, are pushed to, and keep, lose and renew their subscriptions."""

import asyncio
from typing import Any

import pytest

from tests.simulator.app_server import AppServer, activity, notification
from tests.web_push.world import World

pytestmark = pytest.mark.thorough


async def push(sender: AppServer, subscription: dict[str, Any], message: object, **options: Any) -> int:
    """Sends to an endpoint; returns the push service's status."""
    answer = await asyncio.to_thread(sender.push, subscription, message, **options)
    return answer.status_code


async def subscribed(world: World) -> dict[str, Any]:
    """The subscription, which the server has."""
    found = await world.subscription()
    assert found is not None
    return found


async def renewed(world: World, old: dict[str, Any]) -> dict[str, Any]:
    """Another subscription than `old`, which the browser has reported by itself."""

    async def another() -> dict[str, Any] | None:
        found = await world.subscription()
        return found if found is not None and found["endpoint"] != old["endpoint"] else None

    return dict(await world.until("the server knows another subscription", another))


async def test_a_browser_pairs_by_the_link_and_a_push_rings(paired: World, other_sender: AppServer) -> None:
    subscription = await subscribed(paired)
    assert await push(other_sender, subscription, notification("Deploy finished", body="in 4 minutes")) == 201
    note = await paired.rings("Deploy finished")
    assert note.body.startswith("in 4 minutes") or "in 4 minutes" in note.body
    assert not note.is_silent


async def test_a_push_to_a_closed_browser_is_shown_after_its_start_before_any_page(
    paired: World, other_sender: AppServer
) -> None:
    subscription = await subscribed(paired)
    await paired.browser.stop()
    assert await push(other_sender, subscription, notification("While closed"), ttl="600") == 201
    assert paired.desktop.titled("While closed") == []
    await paired.browser.start()
    await paired.rings("While closed")
    assert await push(other_sender, subscription, notification("Open again", tag="n-2")) == 201
    await paired.rings("Open again")


async def test_permission_taken_back_is_a_410_and_given_back_renews_the_subscription(
    paired: World, other_sender: AppServer
) -> None:
    old = await subscribed(paired)
    await paired.browser.allow(paired.origin, allowed=False)

    async def gone() -> bool:
        return await push(other_sender, old, notification("nobody sees it")) == 410

    await paired.until("the push service says that it is gone", gone)
    await paired.browser.allow(paired.origin, allowed=True)
    fresh = await renewed(paired, old)
    assert await push(other_sender, fresh, notification("Allowed again", tag="n-2")) == 201
    await paired.rings("Allowed again")
    assert await push(other_sender, old, notification("never", tag="n-3")) == 410


async def test_a_subscription_that_was_lost_is_renewed_at_the_next_visit(
    paired: World, other_sender: AppServer
) -> None:
    old = await subscribed(paired)
    given_up = "navigator.serviceWorker.ready.then((r) => r.pushManager.getSubscription()).then((s) => s.unsubscribe())"
    assert await paired.browser.js(given_up) is True

    async def gone() -> bool:
        """Chromium tells its push service after it has told the page."""
        return await push(other_sender, old, notification("never")) == 410

    await paired.until("the push service says that it is gone", gone)
    await paired.browser.goto(f"{paired.origin}/phone/")
    fresh = await renewed(paired, old)
    assert await push(other_sender, fresh, notification("Renewed", tag="n-2")) == 201
    await paired.rings("Renewed")


@pytest.mark.parametrize("paired", ["firefox"], indirect=True)
async def test_a_worker_that_hears_of_the_loss_renews_the_subscription_without_a_page(
    paired: World, other_sender: AppServer
) -> None:
    old = await subscribed(paired)
    await paired.leave_page()
    await asyncio.to_thread(paired.team.simulator.delete, "/web-push/real-browsers")
    fresh = await renewed(paired, old)
    assert await push(other_sender, old, notification("never")) == 404
    assert await push(other_sender, fresh, notification("Renewed", tag="n-2")) == 201
    await paired.rings("Renewed")


async def test_a_message_for_other_keys_shows_nothing_and_harms_nothing(paired: World, other_sender: AppServer) -> None:
    subscription = await subscribed(paired)
    stranger = AppServer()
    other = {**subscription, "keys": {**subscription["keys"], "p256dh": stranger.public_key}}
    assert await push(other_sender, other, notification("for another")) == 201
    assert await push(other_sender, subscription, notification("for us", tag="n-2")) == 201
    await paired.rings("for us")
    assert paired.desktop.ever("for another") == []


async def test_an_activity_changes_in_place_without_a_sound_until_it_ends(
    paired: World, other_sender: AppServer
) -> None:
    subscription = await subscribed(paired)
    await paired.leave_page()
    for version, body in ((1, "at 10 %"), (2, "at 40 %"), (3, "at 80 %")):
        event = "start" if version == 1 else "update"
        step = activity("Backup", event=event, version=version, body=body, state={"percentage": 10 * version})
        assert await push(other_sender, subscription, step) == 201
        assert (await paired.rings("Backup", says=body)).is_silent is (version > 1)
    end = activity("Backup", event="end", version=4, body="done", smith={"alerting": True})
    assert await push(other_sender, subscription, end) == 201
    assert not (await paired.rings("Backup", says="done")).is_silent
