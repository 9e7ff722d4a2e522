"""Who may call what, and that nobody reaches into another account. The tables follow the protos."""

import asyncio
import uuid
from typing import Any

import pytest
from smith.core.v1 import options_pb2

from core_service.auth.interceptor import read_policies
from core_service.wiring import SERVICES
from tests.core.harness import METHODS, Account, Core, refusal, refused_with

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


async def example_ids(account: Account) -> dict[str, str]:
    """An id of something that exists in the account, for every id that a request may name; the channel is assigned."""
    ids = {
        "api_key_id": (await account.add_key())[0],
        "channel_id": await account.add_channel(),
        "user_id": (await account.add_member())[0],
        "device_id": (await account.add_phone()).id,
    }
    await account.owner.AssignUser(channel_id=ids["channel_id"], user_id=ids["user_id"])
    await account.owner.AssignDevice(channel_id=ids["channel_id"], device_id=ids["device_id"])
    return ids


NOT_OURS = {"bundle_id"}
"""Named like ids, but of things that the server does not keep."""

BY_ID = sorted(
    (name, field.name)
    for name, method in METHODS.items()
    for field in method.input_type.fields
    if field.name.endswith("_id") and field.name not in NOT_OURS
)


@pytest.mark.parametrize(("name", "field"), BY_ID)
async def test_what_belongs_to_another_account_or_to_nobody_is_not_found(
    account: Account, stranger: Account, name: str, field: str
) -> None:
    """A new method with an id is in the table at once; a new kind of id fails here until `example_ids` knows it."""
    mine, theirs = await example_ids(account), await example_ids(stranger)
    before = await everything(stranger)
    caller = {
        options_pb2.ACCESS_MEMBER: account.owner,
        options_pb2.ACCESS_OWNER: account.owner,
        options_pb2.ACCESS_API_KEY: account.core.caller((await account.add_key())[1]),
        options_pb2.ACCESS_DEVICE: (await account.add_phone()).caller,
    }[POLICIES[name].allow[0]]
    others = {id_field: mine[id_field] for method, id_field in BY_ID if method == name}
    all_theirs = {id_field: theirs[id_field] for id_field in others}
    for ids in (others | {field: theirs[field]}, others | {field: str(uuid.uuid4())}, all_theirs):
        await refused_with("NOT_FOUND", getattr(caller, name)(**ids))
    assert await everything(stranger) == before


@pytest.mark.parametrize(("name", "field"), BY_ID)
async def test_a_malformed_id_gets_a_clear_answer(account: Account, name: str, field: str) -> None:
    mine = await example_ids(account)
    others = {id_field: mine[id_field] for method, id_field in BY_ID if method == name}
    reason = "INVALID_REQUEST" if (name, field) == ("CreatePairingCode", "user_id") else "NOT_FOUND"
    for value in ("", "1", "x" * 36, mine[field] + "\n", mine[field].replace("-", ""), "\x00", "'; --", "é" * 9000):
        await refused_with(reason, getattr(account.owner, name)(**(others | {field: value})))


async def everything(account: Account) -> list[str]:
    """All that the account shows."""
    return [
        str(await getattr(account.owner, name)())
        for name in ("ListApiKeys", "ListChannels", "ListDevices", "ListMembers", "GetAccount")
    ]
