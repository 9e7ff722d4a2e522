"""What ends a person's sessions ends their quiet streams within two seconds, on every core, without Redis."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
import pytest
import pytest_asyncio
from smith.core.v1 import event_service_pb2, event_service_pb2_grpc
from smith.core.v1.account_pb2 import ROLE_MEMBER

from core_service.app import bootstrap
from core_service.auth import recheck
from tests.core.conftest import NewDatabase
from tests.core.harness import PASSWORD, Account, Core, start_core
from tests.waiting import LONG

NEW = "a better passphrase"
WITHIN_SECONDS = 2.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def core(new_database: NewDatabase) -> AsyncIterator[Core]:
    """The one that acts."""
    async with start_core(await asyncio.to_thread(new_database)) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def other(core: Core) -> AsyncIterator[Core]:
    """The one that people watch: no one tells it anything."""
    async with start_core(core.database_url) as running:
        yield running


async def watching(core: Core, session: str) -> "asyncio.Task[grpc.StatusCode]":
    """A stream that has begun; its result is how it ends."""
    stub = event_service_pb2_grpc.EventServiceStub(core.channel)
    request = event_service_pb2.WatchEventsRequest()
    stream = stub.WatchEvents(request, metadata=(("authorization", f"Bearer {session}"),))
    await stream.read()

    async def told() -> grpc.StatusCode:
        try:
            while await stream.read() is not grpc.aio.EOF:
                pass
        except grpc.aio.AioRpcError as error:
            return error.code()
        return await stream.code()

    return asyncio.create_task(told())


async def change_password(account: Account, user_id: str, email: str) -> None:
    member = account.core.caller(await account.sign_in(email))
    await member.ChangePassword(current_password=PASSWORD, new_password=NEW)


async def reset_password(account: Account, user_id: str, email: str) -> None:
    link = (await account.owner.CreatePasswordResetLink(user_id=user_id)).url
    await account.core.caller().ResetPassword(token=link.rpartition("/")[2], new_password=NEW)


async def remove(account: Account, user_id: str, email: str) -> None:
    await account.owner.RemoveMember(user_id=user_id)


async def sign_out_everywhere(account: Account, user_id: str, email: str) -> None:
    await account.core.caller(await account.sign_in(email)).RevokeOtherSessions()


async def operator_resets(account: Account, user_id: str, email: str) -> None:
    await account.core.sql("UPDATE users SET second_factor_at = now() WHERE email = %s", email)
    await bootstrap.reset_second_factor(account.core.database_url, email)


@pytest.mark.parametrize("end", [change_password, reset_password, remove, sign_out_everywhere, operator_resets])
async def test_their_streams_end_and_those_of_others_go_on(
    account: Account, other: Core, end: Callable[[Account, str, str], Awaitable[None]]
) -> None:
    user_id, member = await account.add_member()
    email = (await member.GetAccount()).member.email
    assert member.secret is not None
    theirs = [await watching(core, member.secret) for core in (account.core, other) for _ in range(3)]
    ours = await watching(other, account.session)
    await end(account, user_id, email)
    ended = await asyncio.wait_for(asyncio.gather(*theirs), LONG)
    assert set(ended) == {grpc.StatusCode.UNAUTHENTICATED}
    assert not ours.done()
    ours.cancel()


def test_a_quiet_stream_is_looked_up_often_enough_for_that() -> None:
    """How long a look-up takes is the machine's part, for which half of the time is left."""
    assert recheck.RECHECK_SECONDS + recheck.TICK_SECONDS <= WITHIN_SECONDS / 2


async def test_another_role_has_them_begin_again(account: Account, other: Core) -> None:
    """What they were let in for may be more than they may see now."""
    user_id, member = await account.add_member("owner")
    assert member.secret is not None
    stream = await watching(other, member.secret)
    await account.owner.UpdateMember(user_id=user_id, role=ROLE_MEMBER)
    assert await asyncio.wait_for(stream, LONG) == grpc.StatusCode.UNAVAILABLE
    again = await watching(other, member.secret)
    again.cancel()
