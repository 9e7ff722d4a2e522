"""What people find in the delivery log by filters: notifications, Live Activities, webhook calls, and what happened."""

import datetime as dt
import json
import uuid
from typing import Any

import pytest
from smith.core.v1 import action_run_pb2 as runs
from smith.core.v1 import delivery_attempt_pb2 as attempts
from smith.core.v1 import live_activity_record_pb2 as records
from smith.core.v1 import push_notification_pb2 as nouns
from smith.core.v1.live_activity_pb2 import LIVE_ACTIVITY_TYPE_PROGRESS

from tests.core.harness import Account, refused_with

FAILED, ACCEPTED = nouns.PUSH_NOTIFICATION_OUTCOME_FAILED, nouns.PUSH_NOTIFICATION_OUTCOME_ACCEPTED
WEBHOOK = nouns.PUSH_NOTIFICATION_ACTION_TYPE_WEBHOOK
HOOK = "https://hooks.example.com/deploy"

# One that would wait for longer than core ever waits would be due at once when core next looks for such ones.
CALL = """
INSERT INTO action_runs (id, account_id, action_id, device_id, repeatable, url, method, state, due_at, attempts,
                         status_code, response_body, reason, message, created_at, settled_at)
VALUES (%(id)s, %(account_id)s, %(action_id)s, %(device_id)s, false, %(url)s, 'POST', %(state)s::text,
        now() + interval '1 minute', 2, 503, 'busy', 'Http503', 'The receiver is busy.', now(),
        CASE WHEN %(state)s::text = 'running' THEN NULL ELSE now() END)
"""
ATTEMPT = """
INSERT INTO delivery_attempts (id, account_id, occurred_at, device_id, subject, event, priority, apns_id, outcome,
                               status_code, reason, latency_ms)
VALUES (%(id)s, %(account_id)s, now(), %(device_id)s, %(subject)s, 'alert', 10, gen_random_uuid(), %(outcome)s,
        %(status)s, %(reason)s, 12)
"""


async def sent(account: Account, title: str, **fields: Any) -> str:
    return str((await account.owner.SendPushNotification(title=title, **fields)).notification_id)


async def titles(account: Account, **filters: Any) -> list[str]:
    found = await account.owner.ListPushNotifications(**filters)
    return [one.title for one in found.push_notifications]


def id_after(number: int) -> str:
    """An id that sorts after those of everything that happened before, by its number."""
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=10)
    return str(uuid.UUID(int=(int(moment.timestamp() * 1000) << 80) + (7 << 76) + (2 << 62) + number))


async def called(account: Account, action_id: str, device_id: str, number: int = 0, **run: str) -> str:
    run_id = id_after(number)
    parameters = {"id": run_id, "account_id": account.id, "action_id": action_id, "device_id": device_id}
    await account.core.sql(CALL, **(parameters | {"url": HOOK, "state": "failed"} | run))
    return run_id


async def action_of(account: Account, notification_id: str) -> str:
    [(action_id,)] = await account.core.sql(
        "SELECT id FROM notification_actions WHERE notification_id = %s", notification_id
    )
    return str(action_id)


async def test_a_device_is_shown_what_it_was_sent_and_with_an_outcome_what_became_of_it_there(account: Account) -> None:
    ann, ben = await account.add_startable_phone(), await account.add_startable_phone()
    await account.add_channel("ops")
    [channel] = (await account.owner.ListChannels()).channels
    await account.owner.AssignDevice(channel_id=channel.id, device_id=ben.id)
    everybody = await sent(account, "To both")
    await sent(account, "To Ben", target={"channels": ["ops"]})
    assert await titles(account, device_id=ann.id) == ["To both"]
    assert await titles(account, device_id=ben.id) == ["To Ben", "To both"]
    await account.core.sql(
        "UPDATE deliveries SET state = CASE WHEN device_id = %s THEN 'rejected' ELSE 'accepted' END "
        "WHERE notification_id = %s",
        ann.id, everybody,
    )  # fmt: skip
    assert await titles(account, device_id=ann.id, outcome=FAILED) == ["To both"]
    assert await titles(account, device_id=ann.id, outcome=ACCEPTED) == []
    assert await titles(account, device_id=ben.id, outcome=ACCEPTED) == ["To both"]
    assert await titles(account, outcome=FAILED) == ["To both"]


async def test_a_notification_is_found_by_its_whole_id(account: Account) -> None:
    await account.add_startable_phone()
    notification_id = await sent(account, "This one")
    await sent(account, "Another")
    assert await titles(account, search=notification_id.upper()) == ["This one"]
    assert await titles(account, search=notification_id[:-1]) == []


async def test_what_happened_to_a_notification_is_told_in_order_page_by_page(account: Account) -> None:
    ann, ben = await account.add_startable_phone(), await account.add_startable_phone()
    actions = [{"title": "Approve", "type": WEBHOOK, "url": HOOK}]
    notification_id = await sent(account, "Deploy?", actions=actions)
    tried = [(ann, "retry", 503, "ServiceUnavailable"), (ben, "accepted", 200, None), (ann, "accepted", 200, None)]
    for number, (phone, outcome, status, reason) in enumerate(tried):
        await account.core.sql(
            ATTEMPT, id=id_after(number), account_id=account.id, device_id=phone.id, subject=notification_id,
            outcome=outcome, status=status, reason=reason,
        )  # fmt: skip
    await called(account, await action_of(account, notification_id), ben.id, len(tried))
    _, member = await account.add_member()

    async def happened(**asked: Any) -> list[tuple[str, str, str]]:
        found, token = [], None
        while True:
            page = await member.ListPushNotificationTimeline(
                notification_id=notification_id, page_size=1, page_token=token, **asked
            )
            found += page.entries
            if not (token := page.next_page_token or None):
                return [
                    (one.device_id, "tap", one.tap.title)
                    if one.HasField("tap")
                    else (one.device_id, attempts.DeliveryOutcome.Name(one.attempt.outcome)[17:], one.attempt.reason)
                    for one in found
                ]

    story = [
        (ann.id, "RETRY", "ServiceUnavailable"),
        (ben.id, "ACCEPTED", ""),
        (ann.id, "ACCEPTED", ""),
        (ben.id, "tap", "Approve"),
    ]
    # Nothing answers here: what core itself tries comes first, or last if the machine has stalled for long.
    assert [one for one in await happened() if one in story] == story
    assert [one for one in await happened(device_id=ben.id) if one[1] != "RETRY"] == [story[1], story[3]]


async def test_what_happened_elsewhere_is_not_told(account: Account, stranger: Account) -> None:
    await stranger.add_startable_phone()
    theirs = await sent(stranger, "Secret")
    await refused_with("NOT_FOUND", account.owner.ListPushNotificationTimeline(notification_id=theirs))


async def test_webhook_calls_say_what_they_were_about_and_when_they_are_tried_again(account: Account) -> None:
    phone = await account.add_startable_phone()
    other = await account.add_startable_phone()
    notification_id = await sent(account, "Deploy?", actions=[{"title": "Approve", "type": WEBHOOK, "url": HOOK}])
    action_id = await action_of(account, notification_id)
    waiting = await called(account, action_id, phone.id, 1, state="running")
    failed = await called(account, action_id, other.id, 2)
    gone = await called(account, str(uuid.uuid4()), phone.id, 3, url="https://elsewhere.example.com/")

    async def found(**filters: Any) -> list[str]:
        listed = (await account.owner.ListWebhookCalls(**filters)).webhook_calls
        assert all(one.action_run.response_body == "" for one in listed)
        return [one.action_run.id for one in listed]

    assert await found() == [gone, failed, waiting]
    assert await found(device_id=phone.id) == [gone, waiting]
    assert await found(state=runs.ACTION_RUN_STATE_RUNNING) == [waiting]
    assert await found(search="APPROVE") == [failed, waiting]
    assert await found(search="elsewhere.ex") == [gone]
    assert await found(search=failed) == [failed]
    until = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    assert await found(until=until) == []
    assert await found(since=until) == [gone, failed, waiting]
    call = (await account.owner.GetWebhookCall(action_run_id=waiting)).webhook_call
    assert (call.url, call.action_title, call.device_name) == (HOOK, "Approve", "iPhone")
    assert (call.notification_id, call.subject_title) == (notification_id, "Deploy?")
    assert (call.action_run.response_body, call.action_run.status_code) == ("busy", 503)
    assert call.due_at.ToDatetime(dt.UTC) > dt.datetime.now(dt.UTC)
    over = (await account.owner.GetWebhookCall(action_run_id=failed)).webhook_call
    assert not over.HasField("due_at")
    nameless = (await account.owner.GetWebhookCall(action_run_id=gone)).webhook_call
    assert (nameless.action_title, nameless.subject_title, nameless.WhichOneof("subject")) == ("", "", None)


async def test_webhook_calls_are_for_owners_of_their_account(account: Account, stranger: Account) -> None:
    phone = await account.add_startable_phone()
    run_id = await called(account, str(uuid.uuid4()), phone.id)
    _, member = await account.add_member()
    await refused_with("FORBIDDEN", member.ListWebhookCalls())
    await refused_with("FORBIDDEN", member.GetWebhookCall(action_run_id=run_id))
    await refused_with("NOT_FOUND", stranger.owner.GetWebhookCall(action_run_id=run_id))
    assert not (await stranger.owner.ListWebhookCalls(device_id=phone.id)).webhook_calls


async def test_a_page_without_a_match_leads_on_to_older_calls(account: Account) -> None:
    phone = await account.add_startable_phone()
    await account.core.sql(
        """
        INSERT INTO action_runs (id, account_id, action_id, device_id, repeatable, url, method, state, due_at, attempts,
                                 response_body, reason, message, created_at)
        SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '70008000'
                || lpad(to_hex(i), 12, '0'))::uuid, %s, gen_random_uuid(), %s, false,
               CASE WHEN i = 1 THEN 'https://old.example.com/' ELSE 'https://example.com/' END, 'GET', 'failed', now(),
               1, '', '', '', now()
        FROM generate_series(1, 7000) i
        """,
        account.id, phone.id,
    )  # fmt: skip
    first = await account.owner.ListWebhookCalls(search="old.example")
    assert not first.webhook_calls
    second = await account.owner.ListWebhookCalls(search="old.example", page_token=first.next_page_token)
    assert [one.url for one in second.webhook_calls] == ["https://old.example.com/"]
    assert not second.HasField("next_page_token")


@pytest.mark.parametrize("method", ["ListPushNotifications", "ListLiveActivities", "ListWebhookCalls"])
async def test_a_device_that_cannot_be_one_is_named(account: Account, method: str) -> None:
    assert "device_id" in await refused_with("INVALID_REQUEST", getattr(account.owner, method)(device_id="nonsense"))


async def test_live_activities_are_found_by_phone_channel_key_phase_and_time(account: Account) -> None:
    await account.owner.UpdateAccount(max_live_activities=100, rate_limit_per_minute=1000)
    ann, ben = await account.add_startable_phone(), await account.add_startable_phone()
    await account.add_channel("ops")
    [channel] = (await account.owner.ListChannels()).channels
    await account.owner.AssignDevice(channel_id=channel.id, device_id=ben.id)
    key_id, secret = await account.add_key()
    ci, other = account.core.caller(secret), account.core.caller((await account.add_key())[1])
    state = {"type": LIVE_ACTIVITY_TYPE_PROGRESS, "percentage": 1}
    await ci.StartLiveActivity(content_state=state | {"title": "All"})
    await other.StartLiveActivity(content_state=state | {"title": "Ops"}, target={"channels": ["ops"]})

    async def named(**filters: Any) -> list[str]:
        listed = (await account.owner.ListLiveActivities(**filters)).live_activities
        return [json.loads(one.content_state.json)["title"] for one in listed]

    assert await named(device_id=ann.id) == ["All"]
    assert await named(device_id=ben.id) == ["Ops", "All"]
    assert await named(channel="ops") == ["Ops"]
    assert await named(api_key_id=key_id) == ["All"]
    assert await named(phase=records.LIVE_ACTIVITY_PHASE_REQUESTED, device_id=ann.id) == ["All"]
    assert await named(phase=records.LIVE_ACTIVITY_PHASE_LIVE) == []
    moment = dt.datetime.now(dt.UTC)
    earlier, later = moment - dt.timedelta(hours=1), moment + dt.timedelta(hours=1)
    assert await named(since=earlier, until=later) == ["Ops", "All"]
    assert await named(until=earlier) == await named(since=later) == []
    [counted] = (await account.owner.ListLiveActivities(channel="ops", with_phases=True)).live_activities
    assert [(one.phase, one.devices) for one in counted.phases] == [(records.LIVE_ACTIVITY_PHASE_REQUESTED, 1)]
    [plain] = (await account.owner.ListLiveActivities(channel="ops")).live_activities
    assert not plain.phases
