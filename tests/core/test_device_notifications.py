"""The inbox of a device: what it was sent, as it may see it."""

import json
import secrets
import uuid
from typing import Any

import pytest
from smith.core.v1 import push_notification_pb2 as pb
from smith.core.v1.device_pb2 import APNS_ENVIRONMENT_SANDBOX
from smith.core.v1.json_object_pb2 import JsonObject

from tests.core.browser_rig import add_browser
from tests.core.harness import Account, Phone, refusal, refused_with


async def inbox(device: Phone, **fields: Any) -> list[Any]:
    """What the device is told that it was sent."""
    return list((await device.caller.ListDeviceNotifications(**fields)).notifications)


@pytest.fixture
async def backend(account: Account) -> Any:
    """Something that sends."""
    return account.core.caller((await account.add_key())[1])


async def test_a_device_is_told_everything_of_a_notification_but_a_webhooks_secrets(
    account: Account, backend: Any
) -> None:
    phone = await account.add_startable_phone()
    hook = "https://hooks.example.com/deploy?key=s3cret"
    sent = await backend.SendPushNotification(
        title="Deploy?",
        subtitle="api",
        message="Build 7 is ready",
        redirection="https://ci.example.com/7",
        icon="https://ci.example.com/icon.png",
        payload=JsonObject(json='{"build":9007199254740993,"ratio":1.50}'),
        actions=[
            pb.PushNotificationAction(
                title="Deploy",
                type=pb.PUSH_NOTIFICATION_ACTION_TYPE_WEBHOOK,
                url=hook,
                body=JsonObject(json='{"token":"s3cret"}'),
            ),
            pb.PushNotificationAction(
                title="Look", type=pb.PUSH_NOTIFICATION_ACTION_TYPE_OPEN_URL, url="https://ci.example.com/look"
            ),
        ],
    )
    [shown] = await inbox(phone)
    assert (shown.id, shown.title, shown.subtitle, shown.message) == (
        sent.notification_id, "Deploy?", "api", "Build 7 is ready",
    )  # fmt: skip
    assert (shown.redirection, shown.icon) == ("https://ci.example.com/7", "https://ci.example.com/icon.png")
    assert shown.payload.json == '{"build":9007199254740993,"ratio":1.50}'
    assert (shown.version, shown.HasField("replaced_at"), shown.HasField("media")) == (1, False, False)
    deploy, look = shown.actions
    assert (deploy.title, deploy.type) == ("Deploy", pb.PUSH_NOTIFICATION_ACTION_TYPE_WEBHOOK)
    assert (look.url, look.type) == ("https://ci.example.com/look", pb.PUSH_NOTIFICATION_ACTION_TYPE_OPEN_URL)
    assert not deploy.HasField("url")
    assert "s3cret" not in str(shown)
    ids = await account.core.sql("SELECT id FROM notification_actions WHERE type = 'webhook' AND url = %s", hook)
    assert uuid.UUID(deploy.id) in [row[0] for row in ids]


async def test_the_newest_comes_first_page_by_page(account: Account, backend: Any) -> None:
    phone = await account.add_startable_phone()
    for number in range(5):
        await backend.SendPushNotification(title=str(number))
    first = await phone.caller.ListDeviceNotifications(page_size=2)
    assert [one.title for one in first.notifications] == ["4", "3"]
    second = await phone.caller.ListDeviceNotifications(page_size=2, page_token=first.next_page_token)
    last = await phone.caller.ListDeviceNotifications(page_size=2, page_token=second.next_page_token)
    assert [one.title for one in (*second.notifications, *last.notifications)] == ["2", "1", "0"]
    assert not last.HasField("next_page_token")


async def test_a_device_is_told_of_nothing_that_was_sent_to_others(
    account: Account, stranger: Account, backend: Any
) -> None:
    mine, other = await account.add_startable_phone(), await account.add_startable_phone()
    theirs = await stranger.add_startable_phone()
    await account.owner.SendTestPushNotification(device_id=other.id)
    assert await inbox(mine) == await inbox(theirs) == []
    assert len(await inbox(other)) == 1


async def test_replaced_content_takes_the_place_of_the_first(account: Account, backend: Any) -> None:
    phone = await account.add_startable_phone()
    sent = await backend.SendPushNotification(title="Deploying")
    await backend.ReplacePushNotification(notification_id=sent.notification_id, title="Deployed", message="7 min")
    [shown] = await inbox(phone)
    assert (shown.title, shown.message, shown.version) == ("Deployed", "7 min", 2)
    assert shown.HasField("replaced_at")


async def test_what_did_not_arrive_is_told_all_the_same(account: Account, backend: Any) -> None:
    phone = await account.add_startable_phone()
    await backend.SendPushNotification(title="Lost")
    await account.core.sql("UPDATE deliveries SET state = 'token_dead' WHERE device_id = %s", phone.id)
    assert [one.title for one in await inbox(phone)] == ["Lost"]


async def test_what_is_older_than_the_history_is_not_told(account: Account, backend: Any) -> None:
    phone = await account.add_startable_phone()
    await backend.SendPushNotification(title="Old")
    # Ids begin with their time: one of the year 2020.
    old = uuid.UUID(int=(1_590_000_000_000 << 80) | (7 << 76) | (2 << 62) | secrets.randbits(60))
    for table, column in (("notifications", "id"), ("deliveries", "notification_id")):
        await account.core.sql(f"UPDATE {table} SET {column} = %s WHERE account_id = %s", old, account.id)  # noqa: S608
    assert await inbox(phone) == []


async def test_a_page_of_strange_size_or_place_is_refused_by_name(account: Account) -> None:
    browser = await add_browser(account)
    for fields in ({"page_size": 0}, {"page_size": 101}, {"page_token": "???"}):
        error = await refusal(browser.caller.ListDeviceNotifications(**fields))
        assert error.field == next(iter(fields))


async def test_a_phone_tests_itself_and_finds_the_test_in_its_inbox(account: Account) -> None:
    phone = await account.add_startable_phone()
    sent = (await phone.caller.SendTestNotification()).sent
    [shown] = await inbox(phone)
    assert (shown.id, shown.title) == (sent.notification_id, "Test notification")
    [listed] = (await account.owner.ListPushNotifications()).push_notifications
    assert (listed.device_id, listed.user_id) == (phone.id, account.owner_id)


async def test_a_device_that_nothing_reaches_cannot_be_tested(account: Account) -> None:
    phone = await account.add_phone()
    await refused_with("NO_RECIPIENTS", phone.caller.SendTestNotification())


async def test_a_device_that_tests_without_end_is_told_to_wait_and_others_are_not(account: Account) -> None:
    phone, other = await account.add_startable_phone(), await account.add_startable_phone()
    for _ in range(10):
        await phone.caller.SendTestNotification()
    error = await refusal(phone.caller.SendTestNotification())
    assert error.reason == "TOO_MANY_ATTEMPTS"
    assert 0 < error.facts["retry_after_seconds"] <= 60
    await other.caller.SendTestNotification()


async def test_numbers_in_the_payload_are_exact(account: Account, backend: Any) -> None:
    phone = await account.add_startable_phone()
    await backend.SendPushNotification(title="n", payload=JsonObject(json='{"n":123456789012345678901234567890}'))
    [shown] = await inbox(phone)
    assert json.loads(shown.payload.json) == {"n": 123456789012345678901234567890}


async def test_the_inbox_belongs_to_the_device_and_not_to_its_token(account: Account, backend: Any) -> None:
    first, push = await account.add_phone(), secrets.token_hex(32)
    await first.caller.PutDeviceTokens(push_token=push, environment=APNS_ENVIRONMENT_SANDBOX)
    await backend.SendPushNotification(title="Before")
    second = await account.add_phone()
    await second.caller.PutDeviceTokens(push_token=push, environment=APNS_ENVIRONMENT_SANDBOX)
    assert await inbox(second) == []
    assert [one.title for one in await inbox(first)] == ["Before"]
