"""No method tells whether another account has something, and none touches it.

Whatever a request may name is tried with what the other account has and with what no account has. The two answers must
be the same, byte for byte but for the name, and nothing of the other account's may have changed.
"""

import base64
import re
import secrets
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
import pytest_asyncio
from google.protobuf.descriptor import FieldDescriptor
from smith.core.v1 import options_pb2
from smith.core.v1.api_key_pb2 import API_KEY_SCOPE_CHANNELS
from smith.core.v1.device_pb2 import APNS_ENVIRONMENT_SANDBOX

from core_service.common.paging import write_token
from service_kit.status import from_rpc_error
from tests.core.belongings import CONTENT_STATE, WRITTEN_LATER, example_ids
from tests.core.browser_rig import subscription
from tests.core.harness import METHODS, PASSWORD, Account, Caller, Core, start_account
from tests.waiting import eventually_async

pytestmark = pytest.mark.slow

VALUES_OF_ONES_OWN = {
    "content_state", "action", "alert", "title", "message", "subtitle", "media", "redirection", "actions", "payload",
    "badge", "sound", "name", "password", "role", "scope", "rate_limit_per_minute", "max_live_activities", "page_size",
    "types", "outcomes", "state", "environment", "bundle_id", "os_version", "frequent_pushes_enabled", "token",
    "current_password", "new_password", "query", "states", "newest_first", "method", "since", "until",
    "setup_code", "account_name", "notification",
    "search", "status", "paused", "phase", "with_phases", "period", "events", "outcome", "rotate_webhook_secret",
    "tags", "tag_mode", "metadata", "secondary_action", "icon", "interruption_level", "content_version",
    "after", "wait_seconds", "expiration_time", "keys", "page_url",
    "code", "browser_secret", "issuer", "reauthenticate", "passkey", "require_second_factor",
    "status_class", "path",
    "currency_code", "format", "label", "unit", "unit_spacing", "value", "value_text", "timestamp",
}  # fmt: skip
"""Fields that name nothing."""

KNOWN_TO_THOSE_WHO_HAVE_THEM = {
    ("CreateSession", "email"): "the password goes with it; tests/core/test_accounts.py has the two answers",
    ("CreateAccount", "email"): "there is no person on a server without an account, and the code goes with it",
    ("PairDevice", "pairing_code"): "a credential: its holder may pair for its account",
    ("BeginPasskeySignIn", "challenge"): "a credential: it stands for a password that was right",
    ("CompleteSignIn", "challenge"): "the same, and the second factor goes with it",
    ("CreatePasskey", "challenge"): "a credential, and only for its person: tests/core/test_passkeys.py",
}
DOCUMENTED_AS_FORBIDDEN = {("UpdateLiveActivity", "activity_id"), ("EndLiveActivity", "activity_id")}
"""The documented API answers 403 for another account's activity, not 404. Its id is 190 random bits."""

MOVES = {
    ("PutDeviceTokens", field): {
        "badges", "deliveries", "devices", "live_activity_devices", "live_activity_withdrawals",
    }
    for field in ("push_token", "push_to_start_token")
}  # fmt: skip
"""What belongs to the newest report, for only the app on the phone can know it; the tables where that shows."""

BESIDES: dict[str, dict[str, Any]] = {
    "CreateApiKey": {"name": "key", "scope": API_KEY_SCOPE_CHANNELS},
    "UpdateApiKey": {"scope": API_KEY_SCOPE_CHANNELS, "channels": ["ops"]},
    "UpdateLiveActivity": {"content_state": CONTENT_STATE},
    "EndLiveActivity": {"content_state": CONTENT_STATE},
    "StartLiveActivity": {"content_state": CONTENT_STATE},
    "PutLiveActivityStream": {"content_state": CONTENT_STATE},
    "PutLiveActivityToken": {"token": "ab" * 32},
    "PutDeviceTokens": {"environment": APNS_ENVIRONMENT_SANDBOX},
    "PutWebSubscription": {"keys": subscription()["keys"]},
    "SendPushNotification": {"title": "hello"},
    "ReplacePushNotification": {"title": "hello"},
    "SetBadge": {"badge": 3},
    "PutMetricValue": {"value": 1.0},
    "UpdateDevice": {"name": "Renamed"},
    "UpdatePasskey": {"name": "Renamed"},
}
"""What else a request must say to be looked at."""
EITHER = {"ExplainDelivery": ("notification_id", "activity_id", "stream_key")}
"""Fields of which a request names one."""

LAST = [
    ("UpdateChannel", "slug"),
    ("CreateChannel", "slug"),
    ("CreateMetric", "key"),
    ("PutLiveActivityStream", "stream_key"),
    ("PutDeviceTokens", "push_token"),
    ("PutDeviceTokens", "push_to_start_token"),
    ("PutWebSubscription", "endpoint"),
]
"""After these there is something of ours by the same name."""
CASES = [
    (name, field.name)
    for name, method in METHODS.items()
    for field in method.input_type.fields
    if field.name not in VALUES_OF_ONES_OWN and (name, field.name) not in KNOWN_TO_THOSE_WHO_HAVE_THEM
]
CASES.sort(key=lambda case: (case in LAST, LAST.index(case) if case in LAST else 0, case))
SHAPELESS = (
    re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    re.compile(r"seconds: \d+(?:\s+nanos: \d+)?"),  # At a whole second there are no nanos.
    re.compile(r'(?:secret|hint|activity_id|next_page_token): "[^"]*"'),
)
"""What differs from answer to answer anyway."""
IN_THE_BACKGROUND = (
    "{last_used_at,last_seen_at,due_at,attempts,attempt,failures,next_at,leased,lease_id,sent_event,sent_version,"
    "reason,mail_due_at,mail_attempts,mail_reason,mail_message}"
)
"""Columns that the server itself changes, because no delivery service answers here."""


@dataclass(frozen=True)
class World:
    """Two accounts that have one of everything each."""

    account: Account
    stranger: Account
    mine: dict[str, str]
    theirs: dict[str, str]
    callers: dict[int, Caller]
    """Of the account, by what they may."""

    def caller(self, name: str) -> Caller:
        """Somebody of the account who may call the method."""
        allowed = METHODS[name].GetOptions().Extensions[options_pb2.policy].allow
        return next(self.callers[access] for access in (*allowed, options_pb2.ACCESS_OWNER) if access in self.callers)

    async def everything_of_the_other(self) -> list[str]:
        """Every row of every table that names something of theirs."""
        core = self.stranger.core
        tables = await core.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        marks = [self.stranger.id, *(value for name, value in self.theirs.items() if name.endswith("_id"))]
        found = []
        for (table,) in tables:
            if table in ("delivery_attempts", "invite_tokens", "hourly_counts"):
                continue
            query = f'SELECT (to_jsonb(t) - %s::text[])::text FROM "{table}" t'  # noqa: S608 - from the catalogue
            rows = await core.sql(query, IN_THE_BACKGROUND)
            found += [f"{table} {row}" for (row,) in rows if any(mark in row for mark in marks)]
        return sorted(found)

    async def owes_their_phone_nothing(self) -> bool:
        """Whether nothing is left to a phone of theirs that has become another device."""
        query = """
        SELECT 1 FROM devices p
        WHERE p.account_id = %s AND p.push_token IS NULL AND (
            EXISTS (SELECT FROM deliveries d WHERE d.device_id = p.id AND d.state = 'due')
            OR EXISTS (SELECT FROM badges b WHERE b.device_id = p.id AND b.state = 'due')
        )
        """
        return not await self.stranger.core.sql(query, self.stranger.id)


async def belongings(account: Account) -> dict[str, str]:
    """The name of one thing of each kind that the account has."""
    ids = await example_ids(account)
    backend = account.core.caller((await account.add_key())[1])
    stream_key = f"stream-{uuid.uuid4().hex}"
    slug = f"slug-{uuid.uuid4().hex}"
    await backend.PutLiveActivityStream(stream_key=stream_key, content_state=CONTENT_STATE)
    metric_key = f"metric-{uuid.uuid4().hex}"
    await account.owner.CreateChannel(slug=slug)
    await account.owner.CreateMetric(key=metric_key)
    [(push_token,)] = await account.core.sql("SELECT push_token FROM devices WHERE id = %s", ids["device_id"])
    [(start_token,)] = await account.core.sql("SELECT push_to_start_token FROM devices WHERE id = %s", ids["device_id"])
    reported = subscription()
    await (await account.add_phone()).caller.PutWebSubscription(**reported)
    return ids | {
        "stream_key": stream_key,
        "slug": slug,
        "key": metric_key,
        "email": account.email,
        "emails": account.email,
        "api_key_ids": ids["api_key_id"],
        "device_ids": ids["device_id"],
        "channel": slug,
        "channels": slug,
        "target": slug,
        "actor_id": ids["user_id"],
        "push_token": push_token,
        "push_to_start_token": start_token,
        "endpoint": reported["endpoint"],
        "page_token": write_token(ids["device_id"]),
    }


def nobodys(field: str, theirs: str) -> str:
    """A name of the same form that nothing has."""
    if field == "page_token":
        # The place next to theirs: a page begins there, whichever account has it.
        return write_token(str(uuid.UUID(int=uuid.UUID(base64.urlsafe_b64decode(theirs).decode()).int + 1)))
    forms = {
        "email": f"owner-{uuid.uuid4().hex[:12]}@team.test",
        "emails": f"owner-{uuid.uuid4().hex[:12]}@team.test",
        "activity_id": secrets.token_urlsafe(24),
        "push_token": secrets.token_hex(32),
        "push_to_start_token": secrets.token_hex(32),
        "endpoint": subscription()["endpoint"],
        "stream_key": f"stream-{uuid.uuid4().hex}",
    }
    if field.endswith(("_id", "_ids")):
        forms.setdefault(field, str(uuid.uuid4()))
    return forms.get(field, f"slug-{uuid.uuid4().hex}")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(core: Core) -> AsyncIterator[World]:
    """For all cases together: none changes what another needs."""
    account, stranger = await start_account(core), await start_account(core, "Elsewhere")
    mine, theirs = await belongings(account), await belongings(stranger)
    phone = await account.add_phone()
    callers = {
        options_pb2.ACCESS_API_KEY: core.caller((await account.add_key())[1]),
        options_pb2.ACCESS_DEVICE: phone.caller,
        options_pb2.ACCESS_OWNER: account.owner,
        options_pb2.ACCESS_MEMBER: account.owner,
    }
    yield World(account, stranger, mine, theirs, callers)


def shape(field: FieldDescriptor, value: str) -> Any:
    """The value as the field takes it."""
    if field.message_type is not None:
        return {"channels": [value]}
    if field.containing_type.name == "ListChannelsRequest" and field.name == "page_token":
        return write_token(f"slug-{value.lower()}")
    return [value] if field.is_repeated else value


async def answer(world: World, name: str, field_name: str, value: str) -> str:
    """What the call says, without the value and without what differs anyway."""
    method = METHODS[name]
    fields: dict[str, Any] = {
        field.name: world.mine[field.name]
        for field in method.input_type.fields
        if field.name.endswith("_id") and field.name in world.mine and field.name not in EITHER.get(name, ())
    }
    if name == "ExplainDelivery" and field_name == "device_id":
        fields["activity_id"] = world.mine["activity_id"]
    if name == "ListDeliveryAttempts":
        fields = {}
    field = method.input_type.fields_by_name[field_name]
    given = shape(field, value)
    fields |= BESIDES.get(name, {}) | {field_name: given}
    try:
        said = str(await getattr(world.caller(name), name)(**fields))
    except grpc.aio.AioRpcError as error:
        said = str(from_rpc_error(error))
    for text in (value, given if isinstance(given, str) else value):
        said = said.replace(text, "VALUE")
    said = WRITTEN_LATER.sub("", said)
    for pattern in SHAPELESS:
        said = pattern.sub("*", said)
    return said


LISTS = sorted(
    name for name, method in METHODS.items() if name.startswith("List") and method.output_type.fields[0].is_repeated
)


@pytest.mark.parametrize("name", LISTS)
async def test_no_list_holds_anything_of_theirs(world: World, name: str) -> None:
    of: dict[str, Any] = {
        field.name: world.mine[field.name]
        for field in METHODS[name].input_type.fields
        if field.name.endswith("_id") and not field.has_presence
    }
    if (size := METHODS[name].input_type.fields_by_name.get("page_size")) is not None:
        of["page_size"] = int(size.GetOptions().Extensions[options_pb2.rules].maximum)
    listed = str(await getattr(world.caller(name), name)(**of))
    assert not [what for what, value in world.theirs.items() if value in listed]


@pytest.mark.parametrize(("name", "field"), CASES)
async def test_what_another_account_has_is_to_us_what_does_not_exist(world: World, name: str, field: str) -> None:
    """A new method is tried at once; a new kind of name fails here until `belongings` knows it."""
    theirs = world.theirs[field]
    before = await world.everything_of_the_other()
    of_theirs = await answer(world, name, field, theirs)
    changed = set(before) ^ set(await world.everything_of_the_other())
    assert {row.split()[0] for row in changed} <= MOVES.get((name, field), set())
    if (name, field) in MOVES:
        await eventually_async("what their phone was owed is settled", world.owes_their_phone_nothing)
    of_nobody = await answer(world, name, field, nobodys(field, theirs))
    if (name, field) in DOCUMENTED_AS_FORBIDDEN:
        assert "FORBIDDEN" in of_theirs
        assert "NOT_FOUND" in of_nobody
    else:
        assert of_theirs == of_nobody
        assert not any(other in of_theirs for other in (world.stranger.id, world.stranger.email))


async def test_their_idempotency_key_is_free_for_us(world: World) -> None:
    theirs, ours = (one.owner.with_metadata(("idempotency-key", "shared")) for one in (world.stranger, world.account))
    made = await theirs.CreateApiKey(name="theirs")
    assert (await ours.CreateApiKey(name="ours")).secret != made.secret
    assert (await theirs.CreateApiKey(name="theirs")).secret == made.secret


async def test_what_a_request_does_not_name_is_ones_own(world: World) -> None:
    """Methods without a field: everything they say is the caller's."""
    nameless = [name for name, method in METHODS.items() if not method.input_type.fields]
    # ExportAccount is a stream: tests/core/test_account_export.py.
    # What CheckApns says is asked of APNs; tests/core/test_apns_check.py has one. The key of web push is the server's,
    # and a test notification goes to the phone that asks: tests/core/test_browsers.py has both. This core has no single
    # sign-on: tests/core/test_single_sign_on.py.
    besides = {
        "CheckApns",
        "BeginSingleSignOn",
        "ExportAccount",
        "GetWebPushKey",
        "SendTestNotification",
        "DeleteSession",
        "RevokeOtherSessions",
        "UnpairDevice",
        "RotateWebhookSecret",
        "SendTestMail",
    }
    of_ours_too = {field for _, field in LAST}
    for name in set(nameless) - besides:
        said = str(await getattr(world.caller(name), name)())
        assert not [what for what, value in world.theirs.items() if value in said and what not in of_ours_too]
    before = await world.everything_of_the_other()
    session = await world.account.sign_in(world.account.email, PASSWORD)
    await world.account.core.caller(session).DeleteSession()
    await world.account.owner.RevokeOtherSessions()
    await (await world.account.add_phone()).caller.UnpairDevice()
    await world.account.owner.RotateWebhookSecret()
    assert await world.everything_of_the_other() == before
