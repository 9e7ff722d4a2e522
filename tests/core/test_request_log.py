"""The log of requests as core keeps it: whose each is, each once, so many a day, and no more of strangers than fits."""

import asyncio
import datetime as dt
import hashlib
import uuid
from typing import Any

import pytest
import uuid_utils
from smith.internal.v1.request_intake_service_pb2 import (
    MissingRequests,
    RecordRequestsRequest,
    RefusedStrangers,
    Remarks,
)
from smith.internal.v1.request_intake_service_pb2_grpc import RequestIntakeServiceStub

from core_service.common.paging import write_token
from service_kit.peers import METADATA_KEY
from tests.core.conftest import NewDatabase
from tests.core.harness import Account, Core, refusal, start_account, start_core

pytestmark = pytest.mark.slow

MINUTE = int(dt.datetime.now(dt.UTC).timestamp()) // 60 * 60
ROUTE = "POST /api/push-notification"


def batch_of(*secrets: str, status: int = 200, each: int = 1, **more: Any) -> RecordRequestsRequest:
    """A batch with `each` requests of every secret."""
    callers = [place for place in range(len(secrets)) for _ in range(each)]
    return RecordRequestsRequest(
        batch_id=uuid.uuid4().bytes,
        callers=[hashlib.sha256(secret.encode()).digest() for secret in secrets],
        routes=[ROUTE],
        addresses=["192.0.2.7"],
        ids=b"".join(uuid_utils.uuid7().bytes for _ in callers),
        caller=callers,
        route=[0] * len(callers),
        address=[0] * len(callers),
        status=[status] * len(callers),
        latency_ms=[5] * len(callers),
        subject=[""] * len(callers),
        **more,
    )


async def tell(core: Core, batch: RecordRequestsRequest, *metadata: tuple[str, str]) -> None:
    """Hands the batch over, as a gateway does."""
    await RequestIntakeServiceStub(core.channel).RecordRequests(batch, metadata=metadata, timeout=20)


async def listed(account: Account, **filters: Any) -> list[Any]:
    return list((await account.owner.ListRequests(**filters)).requests)


async def strangers(core: Core, minute: int = MINUTE) -> list[tuple[str, int, int]]:
    """Address, status and number of refusals in the minute."""
    query = "SELECT address, status, requests FROM refused_strangers WHERE minute = to_timestamp(%s) ORDER BY 1, 2"
    return await core.sql(query, minute)


async def test_a_batch_that_comes_twice_at_once_or_later_is_taken_once(account: Account) -> None:
    _, secret = await account.add_key()
    minute = MINUTE - 3600
    batch = batch_of(
        secret,
        each=3,
        strangers=[RefusedStrangers(minute=minute, address="192.0.2.1", status=401, requests=7)],
        missing=[MissingRequests(minute=minute, caller=0, requests=4)],
    )
    await asyncio.gather(*(tell(account.core, batch) for _ in range(4)))
    await tell(account.core, batch)
    answer = await account.owner.ListRequests()
    assert len(answer.requests) == 3
    assert [(gap.minute.seconds, gap.requests) for gap in answer.gaps] == [(minute, 4)]
    assert await strangers(account.core, minute) == [("192.0.2.1", 401, 7)]
    assert await account.core.sql("SELECT requests FROM request_days WHERE account_id = %s", account.id) == [(3,)]


async def test_each_request_is_its_accounts_by_key_person_and_device(account: Account, stranger: Account) -> None:
    key_id, secret = await account.add_key(name="CI")
    phone = await account.add_phone(name="Ann's iPhone")
    _, theirs = await stranger.add_key()
    await tell(account.core, batch_of(secret, account.session, phone.secret, theirs))
    found = {one.caller_id: one for one in await listed(account)}
    assert {(one.caller, one.caller_name) for one in found.values()} == {
        (1, "CI"),
        (2, account.email),
        (3, "Ann's iPhone"),
    }
    assert len(await listed(stranger)) == 1
    [of_key] = await listed(account, api_key_id=key_id)
    for caller, reason in ((account.owner, None), (stranger.owner, "NOT_FOUND")):
        call = caller.GetRequest(request_id=of_key.request_id)
        assert (await refusal(call)).reason == reason if reason else (await call).request == of_key
    await account.owner.RevokeApiKey(api_key_id=key_id)
    await tell(account.core, batch_of(secret, status=401))
    await account.owner.DeleteDevice(device_id=phone.id)
    again = {(one.caller_id, one.status): one for one in await listed(account)}
    assert again[key_id, 401].caller_revoked
    assert not again[phone.id, 200].HasField("caller_name")


async def today(core: Core) -> Any:
    """The day that core counts by."""
    [(day,)] = await core.sql("SELECT (now() AT TIME ZONE 'UTC')::date")
    return day


async def test_an_account_has_so_many_rows_a_day_and_is_told_how_many_are_missing(new_database: NewDatabase) -> None:
    async with start_core(await asyncio.to_thread(new_database), request_log_per_day=10) as core:
        day = None
        while day != await today(core):  # At midnight a part of them would be counted on either day.
            day = await today(core)
            account, other = await start_account(core), await start_account(core, "Other")
            (_, secret), (_, others) = await account.add_key(), await other.add_key()
            await asyncio.gather(*(tell(core, batch_of(secret, others, each=3)) for _ in range(3)))
            await tell(core, batch_of(secret, each=4))
        answer = await account.owner.ListRequests()
        assert len(answer.requests) == 10
        assert sum(gap.requests for gap in answer.gaps) == 3
        assert len(await listed(other)) == 9


async def test_strangers_have_so_many_rows_a_minute_and_every_refusal_is_counted(core: Core) -> None:
    minute = MINUTE - 7200
    for turn in range(3):
        many = [
            RefusedStrangers(minute=minute, address=f"198.51.{turn}.{place}", status=401, requests=2)
            for place in range(150)
        ]
        await tell(core, batch_of(strangers=many))
    rows = await strangers(core, minute)
    assert len(rows) <= 101
    assert rows[0][0] == ""
    assert sum(requests for _, _, requests in rows) == 3 * 150 * 2
    known = rows[1]
    more = [RefusedStrangers(minute=minute, address=known[0], status=known[1], requests=5)]
    await tell(core, batch_of(strangers=more))
    assert (known[0], known[1], known[2] + 5) in await strangers(core, minute)


async def test_a_made_up_key_leaves_a_count_and_no_row(core: Core) -> None:
    [(before,)] = await core.sql("SELECT count(*) FROM requests")
    await tell(core, batch_of("ask_" + "m" * 43, status=401, each=5))
    await tell(core, batch_of("ask_" + "m" * 43, status=200, each=5))
    [(counted,)] = await core.sql("SELECT sum(requests) FROM refused_strangers WHERE address = '192.0.2.7'")
    assert counted == 5
    assert await core.sql("SELECT count(*) FROM requests") == [(before,)]


async def test_only_processes_of_the_installation_may_tell(new_database: NewDatabase) -> None:
    secret = "s" * 40
    async with start_core(await asyncio.to_thread(new_database), internal_secret=secret) as core:
        account = await start_account(core)
        _, key = await account.add_key()
        for metadata in ((), ((METADATA_KEY, "t" * 40),), (("authorization", f"Bearer {account.session}"),)):
            assert (await refusal(tell(core, batch_of(key), *metadata))).reason == "UNAUTHENTICATED"
        assert await listed(account) == []
        await tell(core, batch_of(key), (METADATA_KEY, secret))
        assert len(await listed(account)) == 1


async def test_what_is_rare_is_found_among_many_pages(account: Account) -> None:
    key_id, secret = await account.add_key()
    await tell(account.core, batch_of(secret, status=404, remarks=[Remarks(row=0, path="/api/channels/lost")]))
    await account.core.sql(
        """
        INSERT INTO requests (account_id, id, route, status, latency_ms, caller, caller_id)
        SELECT %s, ('01ffffff-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid, %s, 200, 1, 'api_key', %s
        FROM generate_series(1, 12000) i
        """,
        account.id,
        ROUTE,
        key_id,
    )
    found, token, pages = [], None, 0
    while pages == 0 or token:
        page = await account.owner.ListRequests(status_class=4, path="CHANNELS/lost", page_token=token)
        found += page.requests
        token, pages = page.next_page_token, pages + 1
    assert [one.path for one in found] == ["/api/channels/lost"]
    assert pages == 3
    made_up = write_token(str(uuid.UUID(int=2**128 - 1)))
    assert len((await account.owner.ListRequests(page_token=made_up)).requests) == 100
    sizes = [len(await listed(account, page_size=size)) for size in (1, 1000)]
    assert sizes == [1, 1000]


async def test_a_request_keeps_all_that_was_said_of_it(account: Account) -> None:
    _, secret = await account.add_key()
    remarks = Remarks(
        row=1, request_id="build-7", path="/api/live-activity/stream/a%2Fb", reason="NOT_FOUND", error="Not found",
        message="There is no such stream.", field="stream_key", ignored_fields="mood", body='{"a": "\\u0000"}',
    )  # fmt: skip
    batch = batch_of(secret, each=2, remarks=[remarks])
    batch.routes[0] = "PUT /api/live-activity/stream/{stream_key}"
    batch.subject[1] = "x" * 32
    await tell(account.core, batch)
    found = (await account.owner.GetRequest(request_id="build-7")).request
    assert (found.method, found.path, found.stream_key) == ("PUT", "/api/live-activity/stream/a%2Fb", "a/b")
    assert (found.reason, found.error, found.message) == ("NOT_FOUND", "Not found", "There is no such stream.")
    assert (found.field, found.ignored_fields, found.body) == ("stream_key", "mood", '{"a": "\\u0000"}')
    assert (found.activity_id, found.client_address) == ("x" * 32, "192.0.2.7")
    [row] = await listed(account, activity_id="x" * 32)
    assert not row.HasField("body")
    refused = await refusal(
        account.owner.ListRequests(activity_id="x", notification_id="00000000-0000-7000-8000-000000000000")
    )
    assert refused.reason == "INVALID_REQUEST"
