"""Who may call what, and that no caller reaches into another account. The tables follow the protos."""

import asyncio
import uuid
from typing import Any

import pytest
import pytest_asyncio
from smith.core.v1 import options_pb2
from smith.core.v1.api_key_pb2 import API_KEY_SCOPE_CHANNELS

from core_service.app.interceptor import read_policies
from core_service.app.services import SERVICES
from core_service.common.orm import new_id
from tests.core.belongings import CONTENT_STATE, changes, everything, example_ids
from tests.core.harness import METHODS, Account, Caller, Core, refusal, refused_with, start_account
from tests.waiting import eventually_async

pytestmark = pytest.mark.slow

POLICIES = {path.rpartition("/")[2]: policy for path, policy in read_policies(SERVICES).items()}
KINDS = {
    "api key": {options_pb2.ACCESS_API_KEY},
    "device": {options_pb2.ACCESS_DEVICE},
    "member": {options_pb2.ACCESS_MEMBER},
    "owner": {options_pb2.ACCESS_MEMBER, options_pb2.ACCESS_OWNER},
}
GUARDED = sorted(name for name, policy in POLICIES.items() if options_pb2.ACCESS_PUBLIC not in policy.allow)


@pytest.mark.parametrize("good_first", [True, False])
async def test_credentials_that_are_given_twice_are_as_none(account: Account, good_first: bool) -> None:
    """Which of them counts must not be a matter of order; a proxy may have checked the other."""
    pair = [("authorization", f"Bearer {account.session}"), ("authorization", "Bearer ses_other")]
    call: Any = account.core.channel.unary_unary("/smith.core.v1.AccountService/GetAccount")
    answer = await refusal(call(b"", metadata=pair if good_first else pair[::-1]))
    assert answer.reason == "UNAUTHENTICATED"
    assert "is missing" in answer.message


async def test_every_method_refuses_every_wrong_kind_of_credentials(account: Account) -> None:
    """The table follows the protos: a new method is in it at once."""
    callers = {
        "api key": account.core.caller((await account.add_key())[1]),
        "device": (await account.add_phone()).caller,
        "member": (await account.add_member())[1],
        "owner": account.owner,
    }
    wrong = [
        (name, kind)
        for name in GUARDED
        for kind, grants in KINDS.items()
        if not grants & set(POLICIES[name].allow)
    ]  # fmt: skip
    answers = await asyncio.gather(*(refusal(getattr(callers[kind], name)()) for name, kind in wrong))
    assert {pair: answer.reason for pair, answer in zip(wrong, answers, strict=True)} == dict.fromkeys(
        wrong, "FORBIDDEN"
    )  # fmt: skip


@pytest.mark.parametrize("name", GUARDED)
async def test_every_guarded_method_refuses_credentials_that_are_not_good(core: Core, name: str) -> None:
    secrets = [None, "", "ask_" + "x" * 43, "ses_x", "dev_x", "nonsense", "ask_" + "y" * 500]
    for secret in secrets:
        assert (await refusal(getattr(core.caller(secret), name)())).reason == "UNAUTHENTICATED"


BESIDES: dict[str, dict[str, Any]] = {
    "UpdateDevice": {"name": "Renamed"},
    "UpdateLiveActivity": {"content_state": CONTENT_STATE},
    "EndLiveActivity": {"content_state": CONTENT_STATE},
    "PutLiveActivityToken": {"token": "ab" * 32},
    "PutLiveActivityStream": {"content_state": CONTENT_STATE},
    "ReplacePushNotification": {"title": "hello"},
    "UpdatePasskey": {"name": "Renamed"},
}
"""What else a request must say, so that it is not refused for that."""

NOT_OURS = {"bundle_id"}
"""Named like ids, but of things that the server does not keep."""

OF_THE_LOG = ("ListDeliveryAttempts", "ExplainDelivery")
"""Their ids are what is looked for, one or the other: they have a test of their own."""

BY_ID = sorted(
    (name, field.name)
    for name, method in METHODS.items()
    for field in method.input_type.fields
    if field.name.endswith("_id")
    and field.name not in NOT_OURS
    and name not in OF_THE_LOG
    and not name.startswith("List")
)


BY_STREAM_KEY = sorted(
    name
    for name, method in METHODS.items()
    if "stream_key" in method.input_type.fields_by_name and name not in (*OF_THE_LOG, "ListLiveActivities")
)  # fmt: skip
OPEN_TO_OWN_KEYS = ("UpdateLiveActivity", "EndLiveActivity")
"""Documented to answer 403 rather than 404 for another account's activity."""

REQUIRED_IN_BODY = {("CreatePairingCode", "user_id"), *((name, "activity_id") for name in OPEN_TO_OWN_KEYS)}


async def may_call(account: Account, name: str) -> Caller:
    """Somebody of the account who may call the method."""
    access = POLICIES[name].allow[0]
    if access == options_pb2.ACCESS_API_KEY:
        return account.core.caller((await account.add_key())[1])
    return (await account.add_phone()).caller if access == options_pb2.ACCESS_DEVICE else account.owner


Settled = tuple[Account, dict[str, str]]
"""An account, and the ids of what it has."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def settled(core: Core) -> Settled:
    """One that nothing here changes, for all calls that name an id are refused."""
    account = await start_account(core)
    return account, await example_ids(account)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def neighbour(core: Core) -> Settled:
    """Another one."""
    account = await start_account(core, "Elsewhere")
    ids = await example_ids(account)
    await mails_rest(account)
    return account, ids


async def mails_rest(account: Account) -> None:
    """The mails of the account's invites were tried and are not tried again, which would be a change as well."""
    rest = """
    UPDATE invites SET mail_state = 'failed' WHERE account_id = %s AND mail_reason <> '' RETURNING id
    """
    await eventually_async("the mail was tried", lambda: account.core.sql(rest, account.id))


@pytest.mark.parametrize(("name", "field"), BY_ID)
async def test_what_belongs_to_another_account_or_to_none_is_out_of_reach(
    settled: Settled, neighbour: Settled, name: str, field: str
) -> None:
    """A new method with an id is in the table at once; a new kind of id fails here until `example_ids` knows it."""
    (account, mine), (stranger, theirs) = settled, neighbour
    before = await everything(stranger)
    caller = await may_call(account, name)
    others = {id_field: mine[id_field] for method, id_field in BY_ID if method == name}
    all_theirs = {id_field: theirs[id_field] for id_field in others}
    unknown = uuid.uuid4().hex if field == "activity_id" else str(uuid.uuid4())
    not_mine = "FORBIDDEN" if name in OPEN_TO_OWN_KEYS else "NOT_FOUND"
    for ids, reason in (
        (others | {field: theirs[field]}, not_mine),
        (others | {field: unknown}, "NOT_FOUND"),
        (all_theirs, not_mine),
    ):
        await refused_with(reason, getattr(caller, name)(**ids, **BESIDES.get(name, {})))
    assert changes(before, await everything(stranger)) == []


@pytest.mark.parametrize(("name", "field"), BY_ID)
async def test_a_malformed_id_gets_a_clear_answer(settled: Settled, name: str, field: str) -> None:
    account, mine = settled
    caller = await may_call(account, name)
    others = {id_field: mine[id_field] for method, id_field in BY_ID if method == name}
    values = {"", "1", "x" * 36, mine[field] + "\n", mine[field].replace("-", ""), "\x00", "'; --", "é" * 9000}
    for value in values - {mine[field]}:
        told = (name, field) in REQUIRED_IN_BODY and (field != "activity_id" or not value)
        call = getattr(caller, name)(**(others | {field: value}), **BESIDES.get(name, {}))
        await refused_with("INVALID_REQUEST" if told else "NOT_FOUND", call)


@pytest.mark.parametrize("name", BY_STREAM_KEY)
async def test_a_stream_key_names_a_stream_of_the_callers_account_only(
    account: Account, stranger: Account, name: str
) -> None:
    for one in (account, stranger):
        await one.add_startable_phone()
    backend = await may_call(stranger, "PutLiveActivityStream")
    theirs = await backend.PutLiveActivityStream(stream_key="nightly", content_state=CONTENT_STATE)
    before = await everything(stranger)
    call = getattr(await may_call(account, name), name)(stream_key="nightly", **BESIDES.get(name, {}))
    if name == "PutLiveActivityStream":
        mine = await call
        assert mine.operation == theirs.operation
        assert mine.activity_id != theirs.activity_id
    else:
        await refused_with("NOT_FOUND", call)
    assert changes(before, await everything(stranger)) == []


async def test_the_log_of_another_account_is_empty(account: Account, stranger: Account) -> None:
    theirs, mine = await example_ids(stranger), await example_ids(account)
    await stranger.core.sql(
        """
        INSERT INTO delivery_attempts (id, account_id, occurred_at, device_id, subject, event, priority, apns_id,
                                       outcome, latency_ms)
        VALUES (%s, %s, now(), %s, %s, 'start', 10, gen_random_uuid(), 'accepted', 1)
        """,
        new_id(),
        stranger.id,
        theirs["device_id"],
        theirs["activity_id"],
    )
    for filters in ({}, {"device_id": theirs["device_id"]}, {"activity_id": theirs["activity_id"]}):
        assert (await stranger.owner.ListDeliveryAttempts(**filters)).delivery_attempts
        answer = await account.owner.ListDeliveryAttempts(**filters)
        assert [one.device_id for one in answer.delivery_attempts if one.device_id == theirs["device_id"]] == []
    for device_id, activity_id in (
        (theirs["device_id"], theirs["activity_id"]),
        (theirs["device_id"], mine["activity_id"]),
        (mine["device_id"], theirs["activity_id"]),
        (mine["device_id"], "x" * 32),
        ("nonsense", mine["activity_id"]),
    ):
        call = account.owner.ExplainDelivery(device_id=device_id, activity_id=activity_id)
        await refused_with("NOT_FOUND", call)
    assert (await account.owner.ExplainDelivery(device_id=mine["device_id"], activity_id=mine["activity_id"])).verdict


async def test_a_key_for_some_channels_reaches_only_activities_and_streams_within_them(account: Account) -> None:
    phone = await account.add_startable_phone()
    for slug in ("ours", "theirs"):
        await account.owner.AssignDevice(channel_id=await account.add_channel(slug), device_id=phone.id)
    free = account.core.caller((await account.add_key())[1])
    scoped = account.core.caller((await account.add_key(scope=API_KEY_SCOPE_CHANNELS, channels=["ours"]))[1])
    content = {"content_state": CONTENT_STATE}
    for target in ({}, {"channels": ["theirs"]}, {"channels": ["ours", "theirs"]}):
        activity_id = (await free.StartLiveActivity(**content, target=target or None)).activity_id
        for name in OPEN_TO_OWN_KEYS:
            await refused_with("FORBIDDEN", getattr(scoped, name)(activity_id=activity_id, **content))
        await free.EndLiveActivity(activity_id=activity_id, **content)
        await free.PutLiveActivityStream(stream_key="nightly", **content, **target)
        await refused_with("CHANNEL_SCOPE", scoped.PutLiveActivityStream(stream_key="nightly", **content))
        await refused_with("CHANNEL_SCOPE", scoped.DeleteLiveActivityStream(stream_key="nightly"))
        await free.DeleteLiveActivityStream(stream_key="nightly")
    activity_id = (await free.StartLiveActivity(**content, target={"channels": ["ours"]})).activity_id
    await scoped.EndLiveActivity(activity_id=activity_id, **content)
    await free.PutLiveActivityStream(stream_key="nightly", **content, channels=["ours"])
    await scoped.DeleteLiveActivityStream(stream_key="nightly")
