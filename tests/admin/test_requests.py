"""The log of requests: what owners see of it, what the address chooses, and that members see none."""

import pytest
from nicegui.testing import User
from smith.internal.v1.request_intake_service_pb2 import MissingRequests, Remarks

from tests.admin.conftest import Open
from tests.admin.looking import fill, sees, sees_no
from tests.core.harness import Account
from tests.core.test_request_log import MINUTE, batch_of, tell

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_owner_without_requests_is_told_how_to_make_one(owner: User) -> None:
    await owner.open("/requests")
    await sees(owner, "No request yet", "Open API keys")


async def test_a_member_sees_no_requests_and_no_way_to_them(member: User, account: Account) -> None:
    _, secret = await account.add_key(name="CI")
    await tell(account.core, batch_of(secret, remarks=[Remarks(row=0, request_id="build-1")]))
    for path in ("/requests", "/requests/build-1"):
        await member.open(path)
        await sees(member, "For owners")
        await sees_no(member, "/api/push-notification", "CI")
    await member.open("/channels")
    await member.should_not_see("Requests")


async def test_what_is_missing_is_told_between_the_requests(owner: User, account: Account) -> None:
    _, secret = await account.add_key(name="CI")
    missing = [MissingRequests(minute=MINUTE - 120, caller=0, requests=1234)]
    await tell(account.core, batch_of(secret, missing=missing))
    await owner.open("/requests")
    await sees(owner, "200 Done", "CI", "1,234 requests of this minute are missing: there were too many to keep")
    await owner.open("/requests?status=2")
    await sees(owner, "200 Done")
    await sees_no(owner, "requests of this minute are missing")


async def test_filters_come_from_the_address_and_a_revoked_key_is_named(admin: Open, account: Account) -> None:
    key_id, secret = await account.add_key(name="old pipeline")
    _, other = await account.add_key(name="new pipeline")
    await tell(account.core, batch_of(other))
    await account.owner.RevokeApiKey(api_key_id=key_id)
    refused = Remarks(row=0, error="Unauthorized", message="The secret is unknown, revoked or expired.")
    await tell(account.core, batch_of(secret, status=401, remarks=[refused]))
    owner = admin(account.session)
    await owner.open(f"/requests?key={key_id}&status=4")
    await sees(owner, "401 Not signed in", "old pipeline", "Revoked", refused.message)
    await sees_no(owner, "200 Done")
    await fill(owner, "Find by path", "/api/badge")
    await sees(owner, "Nothing is found")
