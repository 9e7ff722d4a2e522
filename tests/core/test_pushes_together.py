"""Pushes that are recorded by one statement are as if each had been sent alone."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from smith.core.v1.api_key_pb2 import API_KEY_SCOPE_CHANNELS
from smith.core.v1.json_object_pb2 import JsonObject
from smith.core.v1.push_notification_pb2 import PUSH_NOTIFICATION_ACTION_TYPE_WEBHOOK as WEBHOOK
from smith.core.v1.push_notification_pb2 import ChannelTarget, PushNotificationAction, Tags

from core_service.push.recording import MAX_DEVICES_TOGETHER
from core_service.work_queue.group import Group
from tests.core.conftest import NewDatabase
from tests.core.harness import Account, Caller, Core, outcomes, refused_with, start_account, start_core
from tests.waiting import eventually_async

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("patience")]

AWKWARD = ["plain", 'with "quotes"', "back\\slash", "comma, and {braces}", "NULL", "schön 🎉"]
ADD_PHONES = """
INSERT INTO devices (id, account_id, user_id, name, secret_hash, environment, push_token, push_token_registered_at,
                     created_at)
SELECT gen_random_uuid(), %s, %s, 'd', sha256(gen_random_uuid()::text::bytea), 'sandbox', md5(gen_random_uuid()::text),
       now(), now()
FROM generate_series(1, %s)
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def core(new_database: NewDatabase) -> AsyncIterator[Core]:
    """A core whose answers do not wait for outcomes."""
    async with start_core(
        await asyncio.to_thread(new_database), delivery_wait=0.0, rate_limit_per_minute=1_000_000
    ) as running:
        yield running


@dataclass(frozen=True)
class Team:
    """An account and its backend."""

    account: Account
    backend: Caller

    async def recipients(self, sent: Any) -> int:
        """To how many devices the push is owed."""
        [(count,)] = await self.account.core.sql(
            "SELECT count(*) FROM deliveries WHERE notification_id = %s AND account_id = %s",
            sent.notification_id,
            self.account.id,
        )
        return int(count)


async def start_team(core: Core, phones: int = 1) -> Team:
    """An account with so many phones of its owner and a key for all of them."""
    account = await start_account(core)
    await core.sql(ADD_PHONES, account.id, account.owner_id, phones)
    _, secret = await account.add_key()
    return Team(account, core.caller(secret))


async def waits_for(core: Core, holder: psycopg.AsyncConnection[Any]) -> bool:
    """Whether a statement waits for a lock of this connection. Others wait now and then for something else."""
    query = "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
    return len(await core.sql(query, holder.info.backend_pid)) > 0


@asynccontextmanager
async def held_up(core: Core, blocker: Team) -> AsyncIterator["asyncio.Future[Any]"]:
    """While the block runs, a push of `blocker` waits for a lock, and with it every other that comes soon after."""
    async with await psycopg.AsyncConnection.connect(core.database_url) as connection:
        await connection.execute("SELECT FROM accounts WHERE id = %s FOR UPDATE", (blocker.account.id,))
        first = asyncio.ensure_future(blocker.backend.SendPushNotification(title="blocker"))

        await eventually_async("the first push waits for the lock", lambda: waits_for(core, connection))
        yield first


async def sent_together(core: Core, blocker: Team, *calls: Awaitable[Any]) -> list[Any]:
    """The answers, or refusals, of calls that are made while another push waits."""
    async with held_up(core, blocker) as first:
        answers = await asyncio.gather(*calls, return_exceptions=True)
    await first
    return answers


async def statements(core: Core, answers: list[Any]) -> int:
    """By how many statements these were recorded: each is a transaction."""
    [(count,)] = await core.sql(
        "SELECT count(DISTINCT xmin::text) FROM notifications WHERE id = ANY(%s)",
        [uuid.UUID(answer.notification_id) for answer in answers],
    )
    return int(count)


async def test_each_reaches_its_own_recipients(core: Core) -> None:
    blocker, one, three = await start_team(core), await start_team(core), await start_team(core, phones=3)
    channel = await three.account.add_channel("ops")
    await three.account.add_channel("empty")
    member, _ = await three.account.add_member()
    await core.sql(ADD_PHONES, three.account.id, member, 2)
    await core.sql("INSERT INTO channel_users (channel_id, user_id) VALUES (%s, %s)", channel, member)
    _, secret = await three.account.add_key(scope=API_KEY_SCOPE_CHANNELS, channels=["ops"])
    limited = core.caller(secret)
    sends = [
        one.backend.SendPushNotification(title="to one"),
        three.backend.SendPushNotification(title="to all"),
        three.backend.SendPushNotification(title="to ops", target=ChannelTarget(channels=["ops"])),
        limited.SendPushNotification(title="within the scope"),
        one.backend.SendPushNotification(title="again"),
    ]
    to_nobody = three.backend.SendPushNotification(title="t", target=ChannelTarget(channels=["empty"]))
    *answers, refused = await sent_together(core, blocker, *sends, refused_with("NO_RECIPIENTS", to_nobody))
    assert isinstance(refused, str)
    assert await statements(core, answers) < len(answers)
    teams = [one, three, three, three, one]
    owed = [await team.recipients(answer) for team, answer in zip(teams, answers, strict=True)]
    assert owed == [1, 5, 2, 2, 1] == [answer.devices_queued for answer in answers]
    assert [list(answer.effective_channel_slugs) for answer in answers[2:4]] == [["ops"], ["ops"]]
    assert not await core.sql("SELECT 1 FROM notifications WHERE title = 't'")


async def test_each_keeps_its_own_content(core: Core) -> None:
    blocker, team = await start_team(core), await start_team(core)
    contents: list[dict[str, Any]] = [
        {
            "title": f"title {word}",
            "message": word,
            "tags": Tags(values=[word, f"other {word}"]),
            "metadata": JsonObject(json=f'{{"place":{place}}}'),
            "actions": [
                PushNotificationAction(
                    title=f"{word} {number}", type=WEBHOOK, url=f"https://hook.test/{place}/{number}"
                )
                for number in range(place % 3)
            ],
        }
        for place, word in enumerate(AWKWARD)
    ]
    sends = [team.backend.SendPushNotification(**content) for content in contents]
    answers = await sent_together(core, blocker, *sends)
    assert await statements(core, answers) < len(answers)
    for answer, content in zip(answers, contents, strict=True):
        found = await team.account.owner.GetPushNotification(notification_id=answer.notification_id)
        sent, shown = found.push_notification, found.content
        assert (sent.title, sent.message) == (content["title"], content["message"])
        assert list(shown.tags.values) == list(content["tags"].values)
        assert shown.metadata == content["metadata"]
        assert [(one.title, one.url) for one in shown.actions] == [(one.title, one.url) for one in content["actions"]]


async def test_one_for_many_devices_is_recorded_alone(core: Core) -> None:
    blocker, small = await start_team(core), await start_team(core)
    most, large = await start_team(core, MAX_DEVICES_TOGETHER), await start_team(core, MAX_DEVICES_TOGETHER + 1)
    for _ in ("not known to be large", "known"):
        teams = [large, small, most, small, large]
        sends = [team.backend.SendPushNotification(title="t") for team in teams]
        answers = await sent_together(core, blocker, *sends)
        assert [await team.recipients(answer) for team, answer in zip(teams, answers, strict=True)] == [
            17,
            1,
            16,
            1,
            17,
        ]
        assert await statements(core, [answers[0], answers[4]]) == 2
        assert await statements(core, answers) <= 4


async def test_one_that_is_never_recorded_fails_alone(core: Core) -> None:
    blocker, team, poisoned = await start_team(core), await start_team(core), await start_team(core)
    await core.sql(
        f"ALTER TABLE notifications ADD CONSTRAINT poison CHECK (account_id <> '{poisoned.account.id}') NOT VALID"
    )
    try:
        sends = [team.backend.SendPushNotification(title=str(number)) for number in range(4)]
        calls = outcomes(poisoned.backend.SendPushNotification(title="poison"))
        failed, *answers = await sent_together(core, blocker, calls, *sends)
    finally:
        await core.sql("ALTER TABLE notifications DROP CONSTRAINT poison")
    assert failed == {"INTERNAL": 1}
    assert [await team.recipients(answer) for answer in answers] == [1, 1, 1, 1]


async def test_what_is_recorded_is_delivered_though_its_caller_has_left(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocker, team = await start_team(core), await start_team(core)
    taken: list[str] = []
    answer_together = Group._answer_together

    async def noting(self: Any, batch: list[Any]) -> None:
        taken.extend(str(getattr(one.item, "account_id", "")) for one in batch)
        await answer_together(self, batch)

    monkeypatch.setattr(Group, "_answer_together", noting)
    async with held_up(core, blocker) as first, await psycopg.AsyncConnection.connect(core.database_url) as connection:
        await connection.execute("SELECT FROM accounts WHERE id = %s FOR UPDATE", (team.account.id,))
        leaving = [
            asyncio.ensure_future(team.backend.SendPushNotification(title=f"left {place}")) for place in range(2)
        ]

        async def both_wait() -> bool:
            # By one statement, or by two if the second has come late.
            return taken.count(team.account.id) == len(leaving) and await waits_for(core, connection)

        await eventually_async("what they have sent waits too", both_wait)
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
    await first

    async def attempted() -> bool:
        rows = await core.sql(
            # Once each, or more often on a slow machine: nothing answers here.
            "SELECT DISTINCT n.id FROM delivery_attempts a JOIN notifications n ON n.id::text = a.subject"
            " WHERE n.account_id = %s",
            team.account.id,
        )
        return len(rows) == 2

    # Long before the lease ends, after which any core takes them up.
    await eventually_async("both are attempted", attempted)


async def test_a_key_that_is_edited_while_others_are_looked_up_counts_at_once(core: Core) -> None:
    team = await start_team(core)
    keys = [await team.account.add_key() for _ in range(5)]
    callers = [core.caller(secret) for _, secret in keys]

    async def send_all() -> list[str]:
        calls = [outcomes(caller.SendPushNotification(title="t")) for caller in callers for _ in range(10)]
        return [next(iter(one)) for one in await asyncio.gather(*calls)]

    assert await send_all() == ["OK"] * 50
    await team.account.owner.RevokeApiKey(api_key_id=keys[2][0])
    assert await send_all() == ["OK"] * 20 + ["UNAUTHENTICATED"] * 10 + ["OK"] * 20
