"""A push for a browser goes out in a browser's form, beside those for phones, and is owed like them."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from smith.delivery.v1.delivery_pb2 import ENVIRONMENT_SANDBOX, ENVIRONMENT_WEB, Outcome
from smith.delivery.v1.reason_pb2 import OUTCOME_KIND_RETRY, OUTCOME_KIND_TOKEN_DEAD

from tests.core.browser_rig import PAGE, add_browser, subscription, token_of
from tests.core.conftest import NewDatabase
from tests.core.harness import Account, Core, refusal, start_account, start_core
from tests.core.told_delivery import ACCEPTED, ToldDelivery, told_delivery
from tests.waiting import eventually_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

APPLES = "web.push.apple.com"
LOST = Outcome(kind=OUTCOME_KIND_RETRY, reason="PushServiceConnectionLost", retry_after_ms=1, maybe_accepted=True)
GONE = Outcome(kind=OUTCOME_KIND_TOKEN_DEAD, reason="SubscriptionGone")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def delivery() -> AsyncIterator[ToldDelivery]:
    """A delivery service that keeps what it was sent."""
    async with told_delivery() as service:
        yield service


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def core(new_database: NewDatabase, delivery: ToldDelivery) -> AsyncIterator[Core]:
    """A core that sends to it."""
    async with start_core(await asyncio.to_thread(new_database), delivery_address=delivery.address) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def account(core: Core, delivery: ToldDelivery) -> Account:
    """A new account; pushes are accepted at once."""
    delivery.is_held = False
    return await start_account(core)


async def browser_of(account: Account, host: str = "fcm.googleapis.com", **fields: str) -> str:
    """The token of a new browser."""
    reported = subscription(host, **fields)
    await add_browser(account, **reported)
    return token_of(reported)


async def recorded(account: Account, title: str) -> None:
    """Returns once a notification of the account has this title."""
    query = "SELECT 1 FROM notifications WHERE account_id = %s AND title = %s"
    await eventually_async("it is recorded", lambda: account.core.sql(query, account.id, title))


async def test_one_request_reaches_phones_and_browsers_each_in_its_form(
    account: Account, delivery: ToldDelivery
) -> None:
    phone = await account.add_startable_phone()
    mine, unnamed = await browser_of(account, page_url=PAGE), await browser_of(account)
    backend = account.core.caller((await account.add_key())[1])
    sent = await backend.SendPushNotification(title="Deploy", message="done")
    assert (sent.devices_notified, sent.devices_queued) == (3, 0)

    [[(app_token,)], [to_mine], [to_unnamed]] = (
        await account.core.sql("SELECT push_token FROM devices WHERE id = %s", phone.id),
        delivery.of(mine),
        delivery.of(unnamed),
    )
    [to_app] = delivery.of(app_token)
    assert to_app.aps["alert"] == {"title": "Deploy", "body": "done"}
    assert [one.environment for one in to_app.push.targets] == [ENVIRONMENT_SANDBOX]
    for attempt in (to_mine, to_unnamed):
        assert [one.environment for one in attempt.push.targets] == [ENVIRONMENT_WEB]
        assert (attempt.browser["title"], attempt.browser["tag"]) == ("Deploy", sent.notification_id)
        assert attempt.push.collapse_id == sent.notification_id, "a repeat is one while the browser is away"
    assert to_mine.browser["navigate"] == f"{PAGE}#n={sent.notification_id}"
    assert to_mine.message["web_push"] == 8030
    assert "web_push" not in to_unnamed.message


async def test_the_log_has_an_entry_for_each_phone_and_browser(account: Account) -> None:
    devices = {(await account.add_startable_phone()).id, (await add_browser(account)).id}
    backend = account.core.caller((await account.add_key())[1])
    sent = await backend.SendPushNotification(title="Deploy")

    async def entries() -> list[Any]:
        found = await account.owner.ListDeliveryAttempts(notification_id=sent.notification_id)
        return list(found.delivery_attempts)

    await eventually_async("both are in the log", lambda: _as_many(entries, 2))
    logged = await entries()
    assert {one.device_id for one in logged} == devices
    for one in logged:
        assert (one.outcome, one.event, one.priority) == (logged[0].outcome, logged[0].event, 10)
        assert one.apns_id


async def _as_many(entries: Callable[[], Awaitable[list[Any]]], number: int) -> bool:
    return len(await entries()) == number


async def test_browsers_of_one_page_share_a_message(account: Account, delivery: ToldDelivery) -> None:
    tokens = [await browser_of(account, page_url=PAGE) for _ in range(3)]
    await account.core.caller((await account.add_key())[1]).SendPushNotification(title="x")
    pushes = {id(delivery.of(token)[0].push) for token in tokens}
    assert len(pushes) == 1


async def test_a_push_without_an_answer_is_sent_again_with_the_same_tag_and_id(
    account: Account, delivery: ToldDelivery
) -> None:
    token = await browser_of(account)
    delivery.is_held = True
    backend = account.core.caller((await account.add_key())[1])
    sending = asyncio.ensure_future(backend.SendPushNotification(title="x"))
    (await delivery.nth(1, token)).answer(LOST)
    again = await delivery.nth(2, token)
    again.answer()
    assert again.browser["tag"] == (await sending).notification_id == delivery.of(token)[0].browser["tag"]
    assert again.apns_id == delivery.of(token)[0].apns_id


async def test_a_browser_that_has_unsubscribed_is_sent_nothing_more(account: Account, delivery: ToldDelivery) -> None:
    token = await browser_of(account)
    delivery.is_held = True
    backend = account.core.caller((await account.add_key())[1])
    sending = asyncio.ensure_future(backend.SendPushNotification(title="x"))
    (await delivery.nth(1, token)).answer(GONE)
    assert (await sending).devices_notified == 0
    delivery.is_held = False
    assert (await refusal(backend.SendPushNotification(title="x"))).reason == "NO_RECIPIENTS"
    assert len(delivery.of(token)) == 1


@pytest.mark.parametrize(("host", "pushes"), [("fcm.googleapis.com", 2), (APPLES, 1)])
async def test_a_newer_text_is_pushed_only_where_it_takes_the_place_of_the_older(
    account: Account, delivery: ToldDelivery, host: str, pushes: int
) -> None:
    token = await browser_of(account, host)
    backend = account.core.caller((await account.add_key())[1])
    sent = await backend.SendPushNotification(title="down")
    replaced = await backend.ReplacePushNotification(notification_id=sent.notification_id, title="up again")
    assert (replaced.devices_notified, replaced.devices_queued) == (pushes - 1, 0)
    attempts = delivery.of(token)
    assert [one.title for one in attempts] == ["down", "up again"][:pushes]
    assert [one.browser.get("silent", False) for one in attempts] == [False, True][:pushes]
    assert {one.browser["tag"] for one in attempts} == {sent.notification_id}
    shown = await account.owner.GetPushNotification(notification_id=sent.notification_id)
    assert shown.push_notification.title == "up again", "its page shows it in any case"


async def test_an_apple_browser_that_has_no_text_yet_gets_the_newest_one(
    account: Account, delivery: ToldDelivery
) -> None:
    token = await browser_of(account, APPLES)
    delivery.is_held = True
    backend = account.core.caller((await account.add_key())[1])
    sending = asyncio.ensure_future(backend.SendPushNotification(title="down"))
    first = await delivery.nth(1, token)
    replacing = asyncio.ensure_future(
        backend.ReplacePushNotification(notification_id=first.browser["tag"], title="up again")
    )
    await recorded(account, "up again")
    first.answer(LOST)
    second = await delivery.nth(2, token)
    assert (second.title, "silent" in second.browser) == ("up again", False)
    second.answer(ACCEPTED)
    assert (await replacing).devices_notified == 1
    await sending


async def test_an_apple_browser_that_took_the_older_text_meanwhile_gets_no_second_notification(
    account: Account, delivery: ToldDelivery
) -> None:
    token = await browser_of(account, APPLES)
    delivery.is_held = True
    backend = account.core.caller((await account.add_key())[1])
    sending = asyncio.ensure_future(backend.SendPushNotification(title="down"))
    first = await delivery.nth(1, token)
    replacing = asyncio.ensure_future(
        backend.ReplacePushNotification(notification_id=first.browser["tag"], title="up again")
    )
    await recorded(account, "up again")
    first.answer(ACCEPTED)
    replaced = await replacing
    assert (replaced.devices_notified, replaced.devices_queued) == (0, 0)
    assert (await sending).devices_notified == 1
    assert len(delivery.of(token)) == 1


async def test_what_an_apple_browser_keeps_counts_for_the_request_that_sent_it_and_for_no_later_one(
    account: Account, delivery: ToldDelivery
) -> None:
    token = await browser_of(account, APPLES)
    await account.add_startable_phone()
    backend = account.core.caller((await account.add_key())[1])
    sending, replacing = (backend.with_metadata(("idempotency-key", str(uuid.uuid4()))) for _ in range(2))
    sent = await sending.SendPushNotification(title="down")
    for _ in range(2):
        replaced = await replacing.ReplacePushNotification(notification_id=sent.notification_id, title="up again")
        assert (replaced.devices_notified, replaced.devices_queued) == (1, 0), "the phone"
    # As after a process that has died before it answered.
    lost = "UPDATE idempotent_requests SET answer = NULL, locked_until = now() WHERE fingerprint <> 'x'"
    await account.core.sql(lost)
    assert (await sending.SendPushNotification(title="down")).devices_notified == 2
    again = await replacing.ReplacePushNotification(notification_id=sent.notification_id, title="up again")
    assert again.devices_notified == 1
    assert len(delivery.of(token)) == 1
    shown = await account.owner.GetPushNotification(notification_id=sent.notification_id)
    assert (shown.push_notification.counts.accepted, shown.push_notification.counts.owed) == (2, 0)
