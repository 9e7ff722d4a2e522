"""Who did what, when: written with the act, without a secret."""

import asyncio
import datetime as dt
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from smith.core.v1.account_pb2 import ROLE_OWNER
from smith.core.v1.audit_entry_pb2 import AUDIT_ACTOR_ANONYMOUS, AUDIT_ACTOR_DEVICE, AUDIT_ACTOR_USER
from smith.core.v1.json_object_pb2 import JsonObject
from smith.core.v1.live_activity_pb2 import LIVE_ACTIVITY_TYPE_PROGRESS

from core_service.app.interceptor import read_policies
from core_service.app.services import SERVICES
from tests.core.harness import METHODS, PASSWORD, Account, refusal

AUDITED = sorted(path.rpartition("/")[2] for path, policy in read_policies(SERVICES).items() if policy.audited)
STATE = {"title": "Deploy", "type": LIVE_ACTIVITY_TYPE_PROGRESS, "percentage": 5}
SOUNDS_SECRET = re.compile(r"password|secret|token|(?<!currency_)code$")


async def entries(account: Account, method: str | None = None) -> list[Any]:
    """The account's log, oldest first."""
    found = (await account.owner.ListAuditEntries(page_size=1000)).audit_entries
    return [entry for entry in reversed(found) if method in (None, entry.method)]


async def test_an_act_is_written_with_who_what_and_where_from(account: Account) -> None:
    caller = account.core.caller(account.session, address="192.0.2.7").with_metadata(("x-request-id", "req-1"))
    made = await caller.CreateChannel(slug="ops")
    [entry] = await entries(account)
    assert (entry.method, entry.actor, entry.actor_id) == ("CreateChannel", AUDIT_ACTOR_USER, account.owner_id)
    assert entry.actor_name == account.email
    assert entry.request.json == '{"slug": "ops"}'
    assert entry.subject_id == made.channel.id
    assert (entry.client_address, entry.request_id) == ("192.0.2.7", "req-1")


@pytest.mark.slow
async def test_every_kind_of_act_leaves_one_entry(account: Account) -> None:
    owner = account.owner
    phone = await account.add_phone()
    channel_id, (key_id, _) = await account.add_channel("ops"), await account.add_key()
    joined = await account.join(f"{uuid.uuid4().hex}@team.test")
    user_id = joined.member.user_id
    await account.core.caller(joined.session_token).DeleteSession()
    await owner.CreateInvites(emails=["nobody@team.test"])
    [invite] = (await owner.ListInvites()).invites
    await owner.ResendInvite(invite_id=invite.id)
    await owner.RevokeInvite(invite_id=invite.id)
    await owner.UpdateMember(user_id=user_id, role=ROLE_OWNER)
    await owner.UpdateAccount(name="Renamed")
    await owner.UpdateApiKey(api_key_id=key_id, name="renamed")
    await owner.UpdateChannel(channel_id=channel_id, name="Operations")
    await owner.AssignUser(channel_id=channel_id, user_id=user_id)
    await owner.UnassignUser(channel_id=channel_id, user_id=user_id)
    await owner.AssignDevice(channel_id=channel_id, device_id=phone.id)
    await owner.UnassignDevice(channel_id=channel_id, device_id=phone.id)
    await owner.RotateWebhookSecret()
    await owner.CreateMetric(key="signups")
    await owner.UpdateMetric(key="signups", label="Sign-ups")
    await owner.DeleteMetric(key="signups")
    kept = await owner.SaveMessage(name="Standup", notification=JsonObject(json="{}"))
    await owner.DeleteSavedMessage(saved_message_id=kept.saved_message.id)
    await streaming(account)
    for act in (owner.PauseLiveActivityStream, owner.ResumeLiveActivityStream):
        await act(stream_key="nightly")
        # Changes nothing.
        await act(stream_key="nightly")
    shown = (await owner.GetLiveActivityStream(stream_key="nightly")).stream.activity_id
    await owner.StopLiveActivity(activity_id=shown)
    await owner.StopLiveActivity(activity_id=shown)
    await owner.SendPushNotification(title="hello")
    [sent] = (await owner.ListPushNotifications()).push_notifications
    await owner.ReplayPushNotification(notification_id=sent.id)
    await owner.ReplacePushNotification(notification_id=sent.id, title="hello again")
    await owner.SendTestPushNotification(device_id=(await account.add_startable_phone()).id)
    session = await account.core.caller().CreateSession(email=joined.member.email, password=PASSWORD)
    [session_id] = [one.id for one in (await owner.ListSessions()).sessions if one.user_id == user_id]
    await account.core.caller(session.session_token).DeleteSession()
    session = await account.core.caller().CreateSession(email=joined.member.email, password=PASSWORD)
    [session_id] = [one.id for one in (await owner.ListSessions()).sessions if one.user_id == user_id]
    await owner.RevokeSession(session_id=session_id)
    await owner.RevokeOtherSessions()
    await owner.UpdateProfile(name="Renamed")
    await owner.SwitchAccount(account_id=account.id)
    await owner.ChangePassword(current_password=PASSWORD, new_password=f"{PASSWORD}!")
    secret = (await owner.BeginAuthenticatorApp()).secret
    code = pyotp.TOTP(secret).now()
    await owner.ConfirmAuthenticatorApp(code=code)
    recovery_codes = (await owner.CreateRecoveryCodes()).recovery_codes
    begun = await refusal(account.core.caller().CreateSession(email=account.email, password=f"{PASSWORD}!"))
    await account.core.caller().CompleteSignIn(challenge=begun.facts["challenge"], code=recovery_codes[0])
    await owner.RemoveAuthenticatorApp(current_password=f"{PASSWORD}!", code=recovery_codes[1])
    member = account.core.caller(await account.sign_in(joined.member.email))
    theirs = pyotp.TOTP((await member.BeginAuthenticatorApp()).secret)
    await member.ConfirmAuthenticatorApp(code=theirs.now())
    await owner.ResetSecondFactor(user_id=user_id)
    await owner.UpdateDevice(device_id=phone.id, name="Renamed")
    await phone.caller.UnpairDevice()
    await owner.DeleteDevice(device_id=(await account.add_phone()).id)
    await owner.DeleteChannel(channel_id=channel_id)
    await owner.RevokeApiKey(api_key_id=key_id)
    await owner.SendPasswordReset(user_id=user_id)
    link = (await owner.CreatePasswordResetLink(user_id=user_id)).url
    await account.core.caller().ResetPassword(token=link.rpartition("/")[2], new_password=f"{PASSWORD}?")
    await owner.RemoveMember(user_id=user_id)
    written = await entries(account)
    twice = {
        "CreatePairingCode": 4,
        "PairDevice": 4,
        "CreateSession": 3,
        "ConfirmAuthenticatorApp": 2,
        # They need a browser's answers: tests/core/test_passkeys.py.
        "CreatePasskey": 0,
        "UpdatePasskey": 0,
        "DeletePasskey": 0,
        "CreateApiKey": 2,
        # Once in a server's life: tests/core/test_setup.py.
        "CreateAccount": 0,
        # By way of a provider: tests/core/test_single_sign_on.py.
        "CompleteSingleSignOn": 0,
        # Tests of their own: tests/core/test_account_export.py and test_account_deletion.py.
        "ExportAccount": 0,
        "DeleteAccount": 0,
        "DeleteProfile": 0,
        "CreateInvites": 2,
        "DeleteSession": 2,
    }
    counts = {method: sum(entry.method == method for entry in written) for method in AUDITED}
    assert counts == dict.fromkeys(AUDITED, 1) | twice
    by_method = {entry.method: entry for entry in written}
    assert by_method["PairDevice"].actor == AUDIT_ACTOR_ANONYMOUS
    assert by_method["UnpairDevice"].actor == AUDIT_ACTOR_DEVICE
    assert by_method["DeleteChannel"].subject_id == channel_id
    secrets = [PASSWORD, phone.secret, session.session_token, secret, begun.facts["challenge"], *recovery_codes]
    assert not any(secret in str(entry) for entry in written for secret in secrets)


async def test_what_was_refused_or_only_read_is_not_written(account: Account, stranger: Account) -> None:
    theirs = await stranger.add_channel("theirs")
    before = await entries(account)
    for call in (
        account.owner.DeleteChannel(channel_id=theirs),
        account.owner.UpdateChannel(channel_id=theirs, name="Mine"),
        account.owner.RevokeSession(session_id=str(uuid.uuid4())),
        account.owner.RevokeApiKey(api_key_id=str(uuid.uuid4())),
        account.owner.DeleteDevice(device_id=str(uuid.uuid4())),
        account.owner.AssignUser(channel_id=theirs, user_id=account.owner_id),
        account.owner.CreateChannel(slug="Not A Slug"),
        account.core.caller().CreateSession(email=account.email, password="wrong password"),
    ):
        await refusal(call)
    await account.owner.ListChannels()
    # The wrong password is told by an entry of its own kind, some seconds later: see test_limits_of_people.py.
    assert [entry for entry in await entries(account) if entry.method != "SignInFailed"] == before


async def test_an_account_sees_its_own_acts_only(account: Account, stranger: Account) -> None:
    await stranger.add_channel("theirs")
    assert await entries(account) == []
    _, member = await account.add_member()
    assert (await refusal(member.ListAuditEntries())).reason == "FORBIDDEN"


async def test_pages_go_back_in_time(account: Account) -> None:
    for number in range(5):
        await account.add_channel(f"c-{number}")
    first = await account.owner.ListAuditEntries(page_size=3)
    second = await account.owner.ListAuditEntries(page_size=3, page_token=first.next_page_token)
    told = [entry.request.json for page in (first, second) for entry in page.audit_entries]
    assert told == [f'{{"slug": "c-{number}"}}' for number in (4, 3, 2, 1, 0)]


async def test_acts_are_found_by_who_what_and_when(account: Account) -> None:
    member_id, member = await account.add_member()
    await account.add_channel("first")
    # Times are kept in milliseconds: the acts before and after it are of other ones.
    await asyncio.sleep(0.01)
    between = dt.datetime.now(dt.UTC)
    await asyncio.sleep(0.01)
    await member.CreateChannel(slug="second")
    await account.owner.UpdateAccount(name="Renamed")

    async def told(**wanted: Any) -> list[str]:
        found = (await account.owner.ListAuditEntries(**wanted)).audit_entries
        return [f"{entry.method} {entry.request.json}" for entry in found]

    renamed, second, first = (
        'UpdateAccount {"name": "Renamed"}',
        'CreateChannel {"slug": "second"}',
        'CreateChannel {"slug": "first"}',
    )
    assert await told() == [renamed, second, first]
    assert await told(actor_id=member_id) == [second]
    assert await told(method="CreateChannel") == [second, first]
    assert await told(since=between) == [renamed, second]
    assert await told(until=between) == [first]
    assert await told(method="CreateChannel", actor_id=account.owner_id, until=between) == [first]
    for wrong in ({"actor_id": "x"}, {"method": ""}, {"since": {"seconds": -1}}, {"until": {"seconds": 10**12}}):
        assert (await refusal(account.owner.ListAuditEntries(**wrong))).reason == "INVALID_REQUEST"


async def test_a_long_request_is_cut(account: Account) -> None:
    await account.owner.UpdateAccount(name="n" * 100)
    [entry] = await entries(account, "UpdateAccount")
    assert len(entry.request.json) < 2100


@pytest.mark.parametrize("method", AUDITED)
def test_no_field_that_sounds_secret_is_written(method: str) -> None:
    shown = [field for field in _fields(METHODS[method].input_type) if not field.GetOptions().debug_redact]
    # Yes or no is no secret.
    shown = [field for field in shown if field.type != FieldDescriptor.TYPE_BOOL]
    assert [field.full_name for field in shown if SOUNDS_SECRET.search(field.name)] == []


def _fields(message: Descriptor) -> Iterator[FieldDescriptor]:
    for field in message.fields:
        yield field
        if field.message_type is not None and field.message_type is not message:
            yield from _fields(field.message_type)


NO_ADMINISTRATION = {
    "SendPushNotification": "what backends do all day; the notification is kept itself",
    "StartLiveActivity": "likewise",
    "UpdateLiveActivity": "likewise",
    "EndLiveActivity": "likewise",
    "PutLiveActivityStream": "likewise",
    "DeleteLiveActivityStream": "likewise",
    "PutMetricValue": "likewise",
    "SetBadge": "likewise; the number is kept itself",
    "CheckApns": "changes nothing",
    "PutDeviceTokens": "what phones report by themselves",
    "PutWebSubscription": "likewise",
    "PutLiveActivityToken": "likewise",
    "ReportLiveActivityDismissed": "likewise",
    "RunAction": "kept as a run of the action",
    "SendTestNotification": "to the phone that asks; the notification is kept itself",
    "GetInvite": "reads; a POST, so that no secret stands in a URL",
    "GetPasswordReset": "likewise",
    "RequestPasswordReset": "of no account, and anybody may ask; what comes of it is told",
    "SendTestMail": "a mail to the caller that changes nothing",
}


GRPC_ONLY = {
    "CompleteSingleSignOn", "CreateAccount",
    "ConfirmAuthenticatorApp", "RemoveAuthenticatorApp", "CreateRecoveryCodes", "CreatePasskey",
    "UpdatePasskey", "DeletePasskey",
}  # fmt: skip
"""Have no REST form to go by."""
READS_EVERYTHING = {"ExportAccount"}
"""Changes nothing, but owners should know who has all of it."""


def test_whatever_changes_something_is_audited_unless_it_is_said_why_not() -> None:
    """A new method fails here until it declares `audited`, or stands above with a reason."""
    changing = {
        name
        for name, method in METHODS.items()
        if method.GetOptions().Extensions[annotations_pb2.http].WhichOneof("pattern") not in (None, "get")
    }
    assert changing - set(AUDITED) == set(NO_ADMINISTRATION)
    assert set(AUDITED) - changing == GRPC_ONLY | READS_EVERYTHING


@pytest.mark.parametrize("act", ["CreateChannel", "PauseLiveActivityStream"])
async def test_an_act_that_cannot_be_written_is_not_done(account: Account, act: str) -> None:
    """Act and entry are one transaction: here the entry fails."""
    await streaming(account)
    fields = {"slug": "ops"} if act == "CreateChannel" else {"stream_key": "nightly"}
    await account.core.sql("ALTER TABLE audit_entries RENAME TO hidden")
    try:
        assert "incident" in (await refusal(getattr(account.owner, act)(**fields))).message
    finally:
        await account.core.sql("ALTER TABLE hidden RENAME TO audit_entries")
    assert not (await account.owner.ListChannels()).channels
    await getattr(account.owner, act)(**fields)
    assert len(await entries(account, act)) == 1


async def test_an_act_whose_commit_fails_leaves_no_entry(account: Account) -> None:
    await account.add_channel("ops")
    before = await entries(account)
    assert (await refusal(account.owner.CreateChannel(slug="ops"))).reason == "ALREADY_EXISTS"
    assert await entries(account) == before


async def streaming(account: Account) -> None:
    """Has the account's stream `nightly` show something."""
    await account.add_startable_phone()
    backend = account.core.caller((await account.add_key())[1])
    await backend.PutLiveActivityStream(stream_key="nightly", content_state=STATE)
