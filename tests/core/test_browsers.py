"""A browser that is a device: its subscription is reported, checked, taken over and kept secret."""

import asyncio
import secrets
from typing import Any

import pytest
from smith.core.v1.device_pb2 import (
    APNS_ENVIRONMENT_SANDBOX,
    BROWSER_PUSH_SERVICE_APPLE,
    BROWSER_PUSH_SERVICE_GOOGLE,
    BROWSER_PUSH_SERVICE_MICROSOFT,
    BROWSER_PUSH_SERVICE_MOZILLA,
    BROWSER_PUSH_SERVICE_OTHER,
    DEVICE_PLATFORM_IOS,
    DEVICE_PLATFORM_WEB,
    DEVICE_STATE_READY,
    DEVICE_STATE_WAITING,
    PUSH_TOKEN_STATE_ACTIVE,
    PUSH_TOKEN_STATE_MISSING,
)

from tests.core.browser_rig import PAGE, add_browser, encoded, subscription, token_of
from tests.core.conftest import NewDatabase
from tests.core.harness import Account, Phone, refusal, refused_with, start_account, start_core
from tests.core.told_delivery import told_delivery


async def held(account: Account, browser: Phone) -> tuple[Any, ...]:
    """What the server keeps of the device."""
    [row] = await account.core.sql(
        "SELECT push_token, push_to_start_token, environment, bundle_id, content_version FROM devices WHERE id = %s",
        browser.id,
    )
    return tuple(row)


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("web.push.apple.com", BROWSER_PUSH_SERVICE_APPLE),
        ("fcm.googleapis.com", BROWSER_PUSH_SERVICE_GOOGLE),
        ("updates.push.services.mozilla.com", BROWSER_PUSH_SERVICE_MOZILLA),
        ("wns2-par02p.notify.windows.com", BROWSER_PUSH_SERVICE_MICROSOFT),
    ],
)
async def test_a_subscription_makes_the_device_a_browser_of_its_push_service(
    account: Account, host: str, service: int
) -> None:
    browser, reported = await account.add_phone(), subscription(host, page_url=PAGE)
    device = (await browser.caller.PutWebSubscription(**reported)).device
    assert (device.platform, device.push_service) == (DEVICE_PLATFORM_WEB, service)
    assert (device.push_token_state, device.push_to_start_token_state) == (PUSH_TOKEN_STATE_ACTIVE,) * 2
    assert device.bundle_id == PAGE
    assert not device.HasField("environment")
    assert device.state == DEVICE_STATE_READY
    token = token_of(reported)
    assert (await held(account, browser))[:2] == (token, token)


async def test_a_browser_is_a_device_without_platform_until_it_has_subscribed(account: Account) -> None:
    browser = await account.add_phone()
    device = (await account.owner.GetDevice(device_id=browser.id)).device
    assert not device.HasField("platform")
    assert not device.HasField("push_service")
    assert device.state == DEVICE_STATE_WAITING


async def test_people_see_the_push_service_and_never_the_subscription(account: Account) -> None:
    browser, reported = await account.add_phone(), subscription()
    answer = await browser.caller.PutWebSubscription(**reported)
    seen = str(answer) + str((await account.owner.ListDevices()).devices) + str(await account.owner.ListAuditEntries())
    for secret in (reported["endpoint"], *reported["keys"].values()):
        assert secret not in seen


async def test_the_keys_may_be_padded(account: Account) -> None:
    browser, reported = await account.add_phone(), subscription()
    padded = {"p256dh": reported["keys"]["p256dh"] + "=", "auth": reported["keys"]["auth"] + "=="}
    await browser.caller.PutWebSubscription(endpoint=reported["endpoint"], keys=padded, expiration_time=1.8e12)
    assert (await held(account, browser))[0] == token_of(reported)


POINT, AUTH = subscription()["keys"].values()
HOSTILE = {
    "plain http": ("http://updates.push.services.mozilla.com/wpush/v2/x", "endpoint"),
    "another port": ("https://updates.push.services.mozilla.com:8443/wpush/v2/x", "endpoint"),
    "a user name": ("https://a@updates.push.services.mozilla.com/x", "endpoint"),
    "a private address": ("https://169.254.169.254/latest/meta-data", "endpoint"),
    "this machine": ("https://localhost/x", "endpoint"),
    "a host that ends alike": ("https://evilpush.services.mozilla.com.example/x", "endpoint"),
    "a host without the dot": ("https://notfcm.googleapis.com.example.com/x", "endpoint"),
    "a path that looks alike": ("https://evil.example/x.push.apple.com/", "endpoint"),
    "a query that looks alike": ("https://evil.example/?fcm.googleapis.com", "endpoint"),
    "a fragment": ("https://fcm.googleapis.com/fcm/send/x#y", "endpoint"),
    "a space": ("https://fcm.googleapis.com/fcm/send/x y", "endpoint"),
    "a line break": ("https://fcm.googleapis.com/fcm/send/x\ny", "endpoint"),
    "a script": ("javascript:alert(1)", "endpoint"),
    "nothing": ("", "endpoint"),
    "too much": ("https://fcm.googleapis.com/fcm/send/" + "x" * 2048, "endpoint"),
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_an_endpoint_that_is_not_of_a_known_push_service_is_refused(account: Account, case: str) -> None:
    endpoint, field = HOSTILE[case]
    browser = await account.add_phone()
    reported = subscription() | {"endpoint": endpoint}
    error = await refusal(browser.caller.PutWebSubscription(**reported))
    assert (error.reason, error.field) == ("INVALID_REQUEST", field)
    assert (await held(account, browser))[0] is None


@pytest.mark.parametrize(
    ("keys", "field", "rule"),
    [
        ({"p256dh": "", "auth": AUTH}, "keys.p256dh", "P-256"),
        ({"p256dh": POINT[:-1], "auth": AUTH}, "keys.p256dh", "P-256"),
        ({"p256dh": encoded(b"\x04" + b"\x01" * 64), "auth": AUTH}, "keys.p256dh", "P-256"),
        ({"p256dh": POINT, "auth": ""}, "keys.auth", "16 bytes"),
        ({"p256dh": POINT, "auth": encoded(b"1" * 15)}, "keys.auth", "16 bytes"),
        ({"p256dh": POINT, "auth": "!" * 22}, "keys.auth", "16 bytes"),
    ],
)
async def test_keys_that_cannot_be_used_are_refused_by_name(
    account: Account, keys: dict[str, str], field: str, rule: str
) -> None:
    browser = await account.add_phone()
    error = await refusal(browser.caller.PutWebSubscription(**(subscription() | {"keys": keys})))
    assert error.field == field
    assert rule in error.message


@pytest.mark.parametrize(
    "page",
    [
        "ftp://smith.example.com/phone/",
        "javascript:alert(1)",
        "https://ann:secret@smith.example.com/phone/",
        "https://smith.example.com/phone/#code",
        "https://smith.example.com/a b",
        "https://smith.example.com/" + "p" * 380,
        "/phone/",
    ],
)
async def test_a_page_url_that_no_notification_could_open_is_refused(account: Account, page: str) -> None:
    browser = await account.add_phone()
    error = await refusal(browser.caller.PutWebSubscription(**subscription(page_url=page)))
    assert error.field == "page_url"


async def test_the_known_page_stays_when_a_report_does_not_name_it(account: Account) -> None:
    browser = await add_browser(account, page_url=PAGE)
    device = (await browser.caller.PutWebSubscription(**subscription())).device
    assert device.bundle_id == PAGE


async def test_a_push_service_that_the_operator_names_is_taken(new_database: NewDatabase) -> None:
    allowed = "http://127.0.0.1:9123, apple=http://localhost:9124"
    async with start_core(await asyncio.to_thread(new_database), webpush_allow=allowed) as core:
        account = await start_account(core)
        for endpoint, service in (
            ("http://127.0.0.1:9123/push/1", BROWSER_PUSH_SERVICE_OTHER),
            ("http://localhost:9124/push/1", BROWSER_PUSH_SERVICE_APPLE),
        ):
            browser = await account.add_phone()
            device = (await browser.caller.PutWebSubscription(**(subscription() | {"endpoint": endpoint}))).device
            assert device.push_service == service
        reported = subscription() | {"endpoint": "http://127.0.0.1:9125/push/1"}
        message = await refused_with("INVALID_REQUEST", browser.caller.PutWebSubscription(**reported))
        assert message.startswith("endpoint ")


async def test_a_subscription_belongs_to_the_device_that_reported_it_last_in_any_account(
    account: Account, stranger: Account
) -> None:
    reported = subscription(page_url=PAGE)
    first, second, third = await account.add_phone(), await account.add_phone(), await stranger.add_phone()
    for browser in (first, second, third):
        await browser.caller.PutWebSubscription(**reported)
    assert (await held(account, first))[:2] == (await held(account, second))[:2] == (None, None)
    assert (await held(stranger, third))[:2] == (token_of(reported),) * 2
    device = (await account.owner.GetDevice(device_id=second.id)).device
    assert (device.state, device.push_token_state) == (DEVICE_STATE_WAITING, PUSH_TOKEN_STATE_MISSING)


async def test_a_subscription_that_is_reported_again_was_last_reported_now_and_works_again(account: Account) -> None:
    browser, reported = await account.add_phone(), subscription()
    first = (await browser.caller.PutWebSubscription(**reported)).device
    await account.core.sql(
        "UPDATE devices SET push_token_dead_reason = 'Gone', push_to_start_token_dead_reason = 'Gone' WHERE id = %s",
        browser.id,
    )
    again = (await browser.caller.PutWebSubscription(**reported)).device
    assert again.state == DEVICE_STATE_READY
    assert not again.HasField("push_token_reason")
    assert again.push_token_registered_at.ToDatetime() > first.push_token_registered_at.ToDatetime()
    assert again.push_to_start_token_registered_at == again.push_token_registered_at


async def test_the_last_report_of_app_or_browser_counts_and_nothing_of_the_other_stays(account: Account) -> None:
    phone, push, start = await account.add_phone(), secrets.token_hex(32), secrets.token_hex(32)
    app = {"environment": APNS_ENVIRONMENT_SANDBOX, "bundle_id": "com.example.app", "os_version": "18.2"}
    await phone.caller.PutDeviceTokens(push_token=push, push_to_start_token=start, **app)
    reported = subscription()
    device = (await phone.caller.PutWebSubscription(**reported)).device
    assert device.platform == DEVICE_PLATFORM_WEB
    assert device.os_version == "18.2"
    assert await held(account, phone) == (token_of(reported), token_of(reported), "web_mozilla", None, 2)

    message = await refused_with("INVALID_REQUEST", phone.caller.PutDeviceTokens(push_token=push))
    assert message.startswith("environment is required")
    device = (await phone.caller.PutDeviceTokens(push_token=push, environment=APNS_ENVIRONMENT_SANDBOX)).device
    assert (device.platform, device.HasField("push_service")) == (DEVICE_PLATFORM_IOS, False)
    assert device.push_to_start_token_state == PUSH_TOKEN_STATE_MISSING
    assert not device.HasField("push_to_start_token_registered_at")
    assert await held(account, phone) == (push, None, "sandbox", None, 1)


async def test_a_device_that_was_unpaired_cannot_subscribe(account: Account) -> None:
    browser = await add_browser(account)
    await account.owner.DeleteDevice(device_id=browser.id)
    await refused_with("UNAUTHENTICATED", browser.caller.PutWebSubscription(**subscription()))


async def test_the_key_is_that_of_the_delivery_service(new_database: NewDatabase) -> None:
    url = await asyncio.to_thread(new_database)
    async with told_delivery() as delivery:
        # Before there is a core that may ask: it uses an answer for five seconds.
        delivery.web_push_public_key = "B" + "x" * 86
        async with start_core(url, delivery_address=delivery.address) as core:
            browser = await (await start_account(core)).add_phone()
            assert (await browser.caller.GetWebPushKey()).public_key == delivery.web_push_public_key


async def test_a_server_without_a_key_says_so(new_database: NewDatabase) -> None:
    url = await asyncio.to_thread(new_database)
    async with told_delivery() as delivery:
        delivery.web_push_fault, delivery.explanation = "WebPushKeyMissing", "The key's file is missing."
        async with start_core(url, delivery_address=delivery.address) as core:
            browser = await (await start_account(core)).add_phone()
            assert await refused_with("UNAVAILABLE", browser.caller.GetWebPushKey()) == "The key's file is missing."


async def test_the_key_cannot_be_told_while_the_delivery_service_is_away(account: Account) -> None:
    browser = await account.add_phone()
    message = await refused_with("UNAVAILABLE", browser.caller.GetWebPushKey())
    assert "cannot be asked" in message
