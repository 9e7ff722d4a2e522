"""What a replacement changes, what it keeps, and when it is refused."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.json_format import MessageToDict
from smith.core.v1.api_key_pb2 import API_KEY_SCOPE_CHANNELS
from smith.core.v1.push_notification_pb2 import (
    INTERRUPTION_LEVEL_PASSIVE,
    PUSH_NOTIFICATION_ACTION_TYPE_WEBHOOK,
    PushNotificationContent,
)
from smith.core.v1.push_notification_service_pb2 import ReplacePushNotificationRequest, SendPushNotificationRequest

from core_service.events.service import EventType
from core_service.push.content import Content, build_payload
from core_service.push.replacement_queries import KEPT_VERSIONS
from core_service.sending.errors import LIMIT_BYTES, PayloadTooLarge
from core_service.sending.later_versions import silent_form
from core_service.statistics.counters import EVENTS as COUNTED_EVENTS
from tests.core.conftest import NewDatabase
from tests.core.harness import Account, Caller, Core, Phone, refusal, refused_with, start_account, start_core
from tests.waiting import eventually_async

PLAYED = {"sound": "chime.caf", "interruption_level": INTERRUPTION_LEVEL_PASSIVE}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def core(new_database: NewDatabase) -> AsyncIterator[Core]:
    """A core whose answers do not wait for outcomes."""
    async with start_core(await asyncio.to_thread(new_database), delivery_wait=0) as running:
        yield running


async def backend(account: Account, **fields: Any) -> Caller:
    """A key's."""
    return account.core.caller((await account.add_key(**fields))[1])


async def sent(account: Account, **fields: Any) -> tuple[Phone, Caller, str]:
    """A phone, a backend, and the id of a notification that is owed to the phone."""
    phone, caller = await account.add_startable_phone(), await backend(account)
    return phone, caller, (await caller.SendPushNotification(**({"title": "down"} | fields))).notification_id


async def shown(account: Account, notification_id: str) -> Any:
    """What people see of it."""
    return await account.owner.GetPushNotification(notification_id=notification_id)


def button(title: str) -> dict[str, Any]:
    """A webhook's."""
    return {"title": title, "type": PUSH_NOTIFICATION_ACTION_TYPE_WEBHOOK, "url": "https://hooks.example.com/x"}


async def button_ids(account: Account, notification_id: str) -> list[str]:
    """What the phone is told of the newest buttons."""
    [(payload,)] = await account.core.sql("SELECT payload FROM notifications WHERE id = %s", notification_id)
    return [one["id"] for one in json.loads(payload)["smith"].get("actions", ())]


def test_a_replacement_says_all_that_a_push_says_but_whom_it_is_for_and_how_it_alerts() -> None:
    fixed = {"target", "sound", "interruption_level"}
    ours, theirs = (
        {field.name: field for field in kind.DESCRIPTOR.fields}
        for kind in (ReplacePushNotificationRequest, SendPushNotificationRequest)
    )
    assert ours.keys() - {"notification_id"} == theirs.keys() - fixed
    for name in theirs.keys() - fixed:
        assert ours[name].GetOptions() == theirs[name].GetOptions(), name


async def test_content_that_is_left_out_is_gone_and_notes_are_kept(account: Account) -> None:
    _, caller, notification_id = await sent(
        account,
        message="500 errors",
        subtitle="checkout",
        badge=3,
        redirection="https://status.example.com",
        actions=[button("Ack")],
        payload={"json": "{}"},
        tags={"values": ["incident"]},
        metadata={"json": '{"id": 7}'},
        **PLAYED,
    )
    replaced = await caller.ReplacePushNotification(notification_id=notification_id, title="recovered")
    assert (replaced.notification_id, list(replaced.tags.values)) == (notification_id, ["incident"])
    found = await shown(account, notification_id)
    assert (found.push_notification.title, found.push_notification.HasField("message")) == ("recovered", False)
    assert found.content == PushNotificationContent(
        tags={"values": ["incident"]}, metadata={"json": '{"id":7}'}, **PLAYED
    ), "the sound and the level of the first request hold for phones that have not got it"
    assert found.push_notification.replacements == 1
    assert found.push_notification.replaced_at == replaced.timestamp


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, (["incident"], '{"id":7}')),
        ({"tags": {"values": []}}, ([], '{"id":7}')),
        ({"tags": {"values": ["Closed", "closed"]}}, (["Closed"], '{"id":7}')),
        ({"metadata": {"json": "{}"}}, (["incident"], None)),
        ({"metadata": {"json": '{"by": "ann"}'}}, (["incident"], '{"by":"ann"}')),
    ],
)
async def test_tags_and_metadata_are_kept_replaced_or_removed(
    account: Account, given: dict[str, Any], kept: tuple[list[str], str | None]
) -> None:
    _, caller, notification_id = await sent(account, tags={"values": ["incident"]}, metadata={"json": '{"id": 7}'})
    replaced = await caller.ReplacePushNotification(notification_id=notification_id, title="recovered", **given)
    content = (await shown(account, notification_id)).content
    metadata = content.metadata.json if content.HasField("metadata") else None
    assert (list(replaced.tags.values), metadata) == kept
    assert list(content.tags.values) == kept[0]


async def test_it_lives_as_long_as_a_new_one(account: Account) -> None:
    _, caller, notification_id = await sent(account)
    await account.core.sql(
        "UPDATE notifications SET expires_at = now() - interval '1 day' WHERE id = %s", notification_id
    )
    await account.core.sql("UPDATE deliveries SET state = 'expired' WHERE notification_id = %s", notification_id)
    replaced = await caller.ReplacePushNotification(notification_id=notification_id, title="recovered")
    found = (await shown(account, notification_id)).push_notification
    assert found.expires_at.seconds - replaced.timestamp.seconds == 72 * 3600
    assert found.counts.owed == 1


async def test_devices_paired_later_do_not_get_it(account: Account) -> None:
    _, caller, notification_id = await sent(account)
    await account.add_startable_phone()
    assert (await caller.ReplacePushNotification(notification_id=notification_id, title="t")).devices_queued == 1


async def test_buttons_that_may_be_on_a_screen_still_work_and_their_number_is_bounded(account: Account) -> None:
    phone, caller, notification_id = await sent(account, actions=[button("no 1")])
    ids = await button_ids(account, notification_id)
    await account.owner.UpdateAccount(rate_limit_per_minute=1000)
    for version in range(2, KEPT_VERSIONS + 2):
        await caller.ReplacePushNotification(
            notification_id=notification_id, title="t", actions=[button(f"no {version}")]
        )
        ids += await button_ids(account, notification_id)
    newest = (await shown(account, notification_id)).content.actions
    assert [one.title for one in newest] == [f"no {KEPT_VERSIONS + 1}"]
    # Nothing calls webhooks here, so that the answers are not waited for.
    taps = [asyncio.ensure_future(phone.caller.RunAction(action_id=action_id)) for action_id in ids[1:]]

    async def all_are_recorded() -> bool:
        query = "SELECT count(DISTINCT action_id) FROM action_runs WHERE account_id = %s"
        return await account.core.sql(query, account.id) == [(KEPT_VERSIONS,)]

    await eventually_async("each tap is recorded", all_are_recorded)
    for tap in taps:
        tap.cancel()
    gone = await refusal(phone.caller.RunAction(action_id=ids[0]))
    assert gone.reason == "NOT_FOUND"


async def test_a_replay_sends_the_newest_content(account: Account) -> None:
    _, caller, notification_id = await sent(account, **PLAYED)
    await caller.ReplacePushNotification(notification_id=notification_id, title="recovered", message="fine")
    again = (await account.owner.ReplayPushNotification(notification_id=notification_id)).sent
    before, after = await shown(account, notification_id), await shown(account, again.notification_id)
    assert after.push_notification.title == "recovered"
    assert after.content == before.content
    assert (after.push_notification.replacements, after.push_notification.HasField("replaced_at")) == (0, False)
    # A replay is a notification like any other.
    await caller.ReplacePushNotification(notification_id=again.notification_id, title="closed")
    assert (await shown(account, notification_id)).push_notification.title == "recovered"


async def test_a_test_of_one_device_is_replaced_on_that_device(account: Account) -> None:
    phone = await account.add_startable_phone()
    await account.add_startable_phone()
    notification_id = (await account.owner.SendTestPushNotification(device_id=phone.id)).sent.notification_id
    replaced = await account.owner.ReplacePushNotification(notification_id=notification_id, title="It came")
    assert (replaced.devices_queued, list(replaced.effective_channel_slugs)) == (1, [])
    await phone.caller.UnpairDevice()
    said = await refused_with(
        "NO_RECIPIENTS", account.owner.ReplacePushNotification(notification_id=notification_id, title="It came")
    )
    assert "no push token that works" in said


async def test_what_cannot_be_replaced_stays_as_it_is(account: Account) -> None:
    phone, caller, notification_id = await sent(account)
    await phone.caller.UnpairDevice()
    said = await refused_with(
        "NO_RECIPIENTS", caller.ReplacePushNotification(notification_id=notification_id, title="recovered")
    )
    assert said == "No devices matched the effective channel target"
    found = (await shown(account, notification_id)).push_notification
    assert (found.title, found.replacements) == ("down", 0)


@pytest.mark.parametrize("notification_id", ["01a21d81-64e0-7426-bd90-803bcf3ab484", "x", "", "1" * 300])
async def test_what_does_not_exist_is_not_found(account: Account, notification_id: str) -> None:
    caller = await backend(account)
    error = await refusal(caller.ReplacePushNotification(notification_id=notification_id, title="t"))
    assert error.reason == "NOT_FOUND"


async def test_another_accounts_notification_is_not_found(account: Account, stranger: Account) -> None:
    _, _, notification_id = await sent(account)
    for caller in (await backend(stranger), stranger.owner):
        error = await refusal(caller.ReplacePushNotification(notification_id=notification_id, title="t"))
        assert error.reason == "NOT_FOUND"
    assert (await shown(account, notification_id)).push_notification.title == "down"


async def test_a_key_replaces_what_it_could_have_sent(account: Account) -> None:
    phone = await account.add_startable_phone()
    channels = {slug: await account.add_channel(slug) for slug in ("ops", "sales")}
    for channel_id in channels.values():
        await account.owner.AssignDevice(channel_id=channel_id, device_id=phone.id)

    async def key(*slugs: str) -> Caller:
        return await backend(account, scope=API_KEY_SCOPE_CHANNELS, channels=slugs)

    everybody, ops, both = await backend(account), await key("ops"), await key("ops", "sales")

    async def is_replaced(by: Caller, *slugs: str) -> bool:
        target = {"target": {"channels": slugs}} if slugs else {}
        made = await everybody.SendPushNotification(title="t", **target)
        call = by.ReplacePushNotification(notification_id=made.notification_id, title="u")
        if by is everybody or (by is both and slugs) or slugs == ("ops",):
            return list((await call).effective_channel_slugs) == list(slugs)
        return await refused_with("FORBIDDEN", call) != "This API key cannot replace this push notification"

    for by, slugs, expected in [
        (everybody, (), True),
        (everybody, ("ops", "sales"), True),
        (ops, ("ops",), True),
        (ops, ("sales",), False),
        (ops, ("ops", "sales"), False),
        (ops, (), False),
        (both, ("sales", "ops"), True),
        (both, (), False),
    ]:
        assert await is_replaced(by, *slugs) is expected, slugs


@pytest.mark.parametrize(("age", "is_refused"), [("6 days 23 hours", False), ("7 days 1 hour", True)])
async def test_what_was_sent_more_than_a_week_ago_is_too_old(account: Account, age: str, is_refused: bool) -> None:
    _, caller, notification_id = await sent(account)
    await account.core.sql(
        "UPDATE notifications SET created_at = now() - %s::interval WHERE id = %s", age, notification_id
    )
    call = caller.ReplacePushNotification(notification_id=notification_id, title="recovered")
    if is_refused:
        assert "for 7 days after it was sent" in await refused_with("TOO_OLD", call)
    else:
        assert (await call).success


async def test_a_server_that_keeps_notifications_for_a_day_replaces_them_for_a_day(new_database: NewDatabase) -> None:
    async with start_core(await asyncio.to_thread(new_database), delivery_wait=0, history_days=1) as core:
        account = await start_account(core)
        _, caller, notification_id = await sent(account)
        await core.sql("UPDATE notifications SET created_at = now() - interval '25 hours'")
        said = await refused_with("TOO_OLD", caller.ReplacePushNotification(notification_id=notification_id, title="t"))
        assert "for 1 day after" in said


@pytest.mark.parametrize(
    ("field", "rule", "given"),
    [
        ("title", "is required", {"title": ""}),
        ("title", "must not be blank", {"title": " "}),
        ("badge", "must be between 0 and 2147483647", {"badge": -1}),
        ("icon", "must not have a user name or a password", {"icon": "https://a:b@example.com/i.png"}),
        ("redirection", "must not be a link with javascript:", {"redirection": "javascript:alert(1)"}),
        ("actions", "must have at most 4 items", {"actions": [button("b")] * 5}),
        ("actions[0].url", "must be an absolute https:// URL", {"actions": [button("b") | {"url": "http://a.test"}]}),
        ("media", "actions", {"actions": [button("b")], "media": "https://cdn.example.com/a.png"}),
        ("metadata.a", "must be a text, a number, true or false", {"metadata": {"json": '{"a": []}'}}),
        ("tags", "20", {"tags": {"values": [str(number) for number in range(21)]}}),
    ],
)
async def test_bad_content_is_refused_by_field_and_rule(
    account: Account, field: str, rule: str, given: dict[str, Any]
) -> None:
    _, caller, notification_id = await sent(account)
    error = await refusal(
        caller.ReplacePushNotification(**({"notification_id": notification_id, "title": "t"} | given))
    )
    assert error.reason == "INVALID_REQUEST"
    assert field in error.message
    assert rule in error.message
    assert (await shown(account, notification_id)).push_notification.replacements == 0


@pytest.mark.parametrize("sound", [None, "a-very-long-name-of-a-sound.caf"])
def test_both_forms_of_a_replacement_fit(sound: str | None) -> None:
    def sizes(length: int) -> tuple[int, int]:
        written = build_payload(uuid.UUID(int=0), Content("t", "x" * length, sound=sound), replaces=True)
        return len(written), len(silent_form(written))

    base = max(sizes(100)) - 100
    assert max(sizes(LIMIT_BYTES - base)) == LIMIT_BYTES
    with pytest.raises(PayloadTooLarge, match=f"{LIMIT_BYTES + 1} bytes long"):
        sizes(LIMIT_BYTES - base + 1)


async def test_what_a_person_replaces_is_in_the_audit_log(account: Account) -> None:
    _, caller, notification_id = await sent(account)
    await caller.ReplacePushNotification(notification_id=notification_id, title="by a key")
    await account.owner.ReplacePushNotification(notification_id=notification_id, title="by a person")
    [entry] = [
        one for one in (await account.owner.ListAuditEntries()).audit_entries if one.method == "ReplacePushNotification"
    ]
    assert (entry.subject_id, entry.actor_name) == (notification_id, account.email)
    assert "by a person" in str(MessageToDict(entry))


async def test_an_old_notification_that_was_just_replaced_is_not_late(account: Account) -> None:
    _, caller, notification_id = await sent(account)
    age = "UPDATE notifications SET created_at = now() - interval '1 day' WHERE id = %s"
    await account.core.sql(age, notification_id)
    kinds = [one.kind for one in (await account.owner.GetServerStatus()).alarms]
    assert len(kinds) == 1
    await caller.ReplacePushNotification(notification_id=notification_id, title="recovered")
    assert [*(await account.owner.GetServerStatus()).alarms] == []


async def test_a_replacement_under_a_key_is_done_once(account: Account) -> None:
    _, caller, notification_id = await sent(account)
    keyed = caller.with_metadata(("idempotency-key", str(uuid.uuid4())))
    answers = [await keyed.ReplacePushNotification(notification_id=notification_id, title="once") for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert (await shown(account, notification_id)).push_notification.replacements == 1


async def test_a_repeat_after_a_lost_answer_does_not_undo_what_came_later(account: Account) -> None:
    _, caller, notification_id = await sent(account)
    keyed = caller.with_metadata(("idempotency-key", str(uuid.uuid4())))
    first = await keyed.ReplacePushNotification(notification_id=notification_id, title="first")
    # The process died before it could store its answer.
    lost = "UPDATE idempotent_requests SET answer = NULL, locked_until = now() WHERE fingerprint <> 'x'"
    await account.core.sql(lost)
    again = await keyed.ReplacePushNotification(notification_id=notification_id, title="first")
    assert (again.notification_id, again.timestamp) == (notification_id, first.timestamp)
    assert (await shown(account, notification_id)).push_notification.replacements == 1
    await caller.ReplacePushNotification(notification_id=notification_id, title="second")
    await account.core.sql(lost)
    await keyed.ReplacePushNotification(notification_id=notification_id, title="first")
    found = (await shown(account, notification_id)).push_notification
    assert (found.title, found.replacements) == ("second", 2)


async def test_a_replacement_is_no_further_notification_in_the_figures(account: Account) -> None:
    _, caller, notification_id = await sent(account)
    await caller.ReplacePushNotification(notification_id=notification_id, title="recovered")
    listed = await account.owner.ListPushNotifications()
    assert [(one.id, one.title, one.replacements) for one in listed.push_notifications] == [
        (notification_id, "recovered", 1)
    ]
    assert EventType.PUSH_NOTIFICATION_REPLACED.value not in COUNTED_EVENTS
