"""What the operator sees of a running server: processes, routes, what waits, disk, backups, what needs attention."""

import asyncio
import dataclasses
import datetime as dt
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from smith.core.v1.status_service_pb2 import SERVER_CONCERN_KIND_BACKUP

from core_service import migrations
from core_service.app.queues import QUEUES
from core_service.common.orm import now
from core_service.events.service import EventBus
from core_service.sending.circuit_breaker import Alarm, Route, Step
from core_service.sending.guarded_sender import GuardedSender
from core_service.sending.port import Concern, Outcome, OutcomeKind, Push, Target
from core_service.status.backups import KEPT, BackupKind, NewRecord, record
from core_service.status.concerns import ConcernKind, Thresholds, concerns
from core_service.status.disk import Disk
from core_service.status.facts import Facts, KnownFacts, read_facts
from core_service.status.service import ServerStatus
from core_service.status.wiring import reporting
from core_service.work_queue.backlog import Backlog, Depth
from service_kit.database import Pool, create_batch_pool
from tests.core.conftest import NewDatabase
from tests.core.harness import Account, Core, start_account, start_core
from tests.core.saying_sender import ACCEPTED, SayingSender
from tests.waiting import eventually_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY_WRONG = Outcome(OutcomeKind.MISCONFIGURED, "InvalidProviderToken", concern=Concern.SENDER)
LIMITS = Thresholds(queue_minutes=5, disk_percent=10, backup_days=7)
MOMENT = dt.datetime(2026, 1, 10, tzinfo=dt.UTC)
WELL = Facts(
    read_at=MOMENT,
    schema="0023",
    postgresql="16.4",
    database_bytes=1,
    accounts=1,
    first_account_at=MOMENT,
    queues={},
    cores=(),
    stopped=(),
    last_backup=None,
    restored=None,
    disk=Disk("/srv", 50, 100),
    reachable={},
)


@pytest_asyncio.fixture(loop_scope="session")
async def pool(new_database: NewDatabase) -> AsyncIterator[Pool]:
    """A database that no core works on."""
    async with create_batch_pool(await asyncio.to_thread(new_database), max_size=4) as pool:
        yield pool


async def read(pool: Pool) -> Facts:
    """The facts as the operator's command reads them."""
    return await read_facts(pool, Backlog(pool, QUEUES, now), Path(), {})


class OneCore:
    """The part of a core that sends and reports."""

    def __init__(self, pool: Pool) -> None:
        self.apns, self.clock = SayingSender(), 0.0
        self.sender = GuardedSender(self.apns, clock=lambda: self.clock)
        self.reporting = reporting(pool, ServerStatus(self.sender, EventBus(), pool, now), self.sender)

    def send(self, says: Outcome) -> None:
        """A push, a minute after the one before."""
        self.clock += 60
        self.apns.outcome = says
        target = Target(uuid.uuid4(), uuid.uuid4(), uuid.uuid4().hex, "sandbox", "com.example.app", uuid.uuid4())
        self.sender.submit(Push(b"{}", now(), targets=[target]), lambda _, outcome: None)


async def test_the_database_says_which_cores_run_and_which_routes_any_of_them_has_stopped(pool: Pool) -> None:
    one, other = OneCore(pool), OneCore(pool)
    async with one.reporting:
        async with other.reporting:
            await eventually_async("both report", lambda: _has(pool, cores=2))
            other.send(KEY_WRONG)
            await eventually_async("the stop is reported", lambda: _has(pool, cores=2, stopped=1))
            [alarm] = (await read(pool)).stopped
            assert (str(alarm.route), alarm.reason) == ("sandbox", "InvalidProviderToken")
            one.send(KEY_WRONG)
            other.send(ACCEPTED)
            await eventually_async("one of them still holds it", lambda: _stopped_by(pool, {0: 1, 1: 0}))
            assert len((await read(pool)).stopped) == 1
            one.send(ACCEPTED)
            await eventually_async("the route is open", lambda: _has(pool, cores=2, stopped=0))
        assert len((await read(pool)).cores) == 1, "one that has stopped takes its report back"
    assert (await read(pool)).cores == []


async def test_a_core_that_died_is_not_taken_for_running_and_its_report_is_forgotten(pool: Pool) -> None:
    dead = "INSERT INTO core_reports VALUES (%s, '1', now(), now() - %s * interval '1 second', '[]')"
    async with pool.connection() as connection:
        await connection.execute(dead, (uuid.uuid4(), 61))
        await connection.execute(dead, (uuid.uuid4(), 3601))
    assert (await read(pool)).cores == []
    async with OneCore(pool).reporting:
        await eventually_async("it reports", lambda: _has(pool, cores=1))
    async with pool.connection() as connection:
        [(left,)] = await (await connection.execute("SELECT count(*) FROM core_reports")).fetchall()
    assert left == 1


async def _has(pool: Pool, *, cores: int, stopped: int = 0) -> bool:
    facts = await read(pool)
    return (len(facts.cores), len(facts.stopped)) == (cores, stopped)


async def _stopped_by(pool: Pool, wanted: dict[int, int]) -> bool:
    cores = (await read(pool)).cores
    return {place: len(core.stopped) for place, core in enumerate(cores)} == wanted


async def test_every_queue_is_read_and_the_disk_too(pool: Pool) -> None:
    facts = await read(pool)
    assert facts.queues == {queue.name: Depth(0, 0.0) for queue in QUEUES}
    assert facts.schema == migrations.revisions()[-1]
    assert facts.disk is not None
    assert 0 < facts.disk.free_bytes <= facts.disk.bytes
    assert (facts.accounts, facts.last_backup, facts.restored) == (0, None, None)


def made(kind: BackupKind = BackupKind.BACKUP, place: str = "/srv/one.backup") -> NewRecord:
    """A backup as `smith backup` tells of it."""
    return NewRecord(kind=kind, snapshot_at=MOMENT, place=place, bytes=123, is_verified=True, release="1")


async def test_the_last_backup_is_known_and_records_do_not_grow_without_end(pool: Pool) -> None:
    async with pool.connection() as connection:
        await record(connection, made(BackupKind.RESTORE, "/srv/restored"))
        for place in range(KEPT + 5):
            await record(connection, made(place=f"/srv/{place}"))
        [(count,)] = await (await connection.execute("SELECT count(*) FROM backup_records")).fetchall()
    facts = await read(pool)
    assert facts.last_backup is not None
    assert (facts.last_backup.place, facts.last_backup.snapshot_at) == (f"/srv/{KEPT + 4}", MOMENT)
    assert facts.restored is not None
    assert facts.restored.place == "/srv/restored"
    assert count == KEPT + 1


def kinds(**changed: object) -> list[ConcernKind]:
    """What needs attention if these facts are otherwise."""
    return [one.kind for one in concerns(dataclasses.replace(WELL, **changed), LIMITS)]  # type: ignore[arg-type]


async def test_what_needs_attention_is_what_is_beyond_a_limit() -> None:
    assert kinds() == []
    assert kinds(disk=Disk("/srv", 10, 100)) == []
    assert kinds(disk=Disk("/srv", 9, 100)) == [ConcernKind.DISK]
    assert kinds(disk=None) == []
    assert kinds(queues={"webhooks": Depth(1, 299.0)}) == []
    assert kinds(queues={"webhooks": Depth(1, 300.0)}) == [ConcernKind.QUEUE_AGE]
    assert kinds(first_account_at=MOMENT - dt.timedelta(days=6)) == []
    assert kinds(first_account_at=MOMENT - dt.timedelta(days=7)) == [ConcernKind.BACKUP]
    stopped = Alarm(Route("sandbox", Step.SENDER), "InvalidProviderToken", MOMENT)
    assert kinds(stopped=(stopped,)) == [ConcernKind.ROUTE_STOPPED]


async def test_a_limit_of_0_turns_its_concern_off() -> None:
    bad = dataclasses.replace(
        WELL,
        disk=Disk("/srv", 0, 100),
        queues={"webhooks": Depth(1, 9999.0)},
        first_account_at=MOMENT - dt.timedelta(days=99),
    )
    assert len(concerns(bad, LIMITS)) == 3
    assert concerns(bad, Thresholds(0, 0, 0)) == []


async def test_concerns_are_sentences_of_plain_words() -> None:
    bad = dataclasses.replace(
        WELL,
        disk=Disk("/srv", 4 * 1024**3, 100 * 1024**3),
        queues={"notifications": Depth(3, 720.0)},
        first_account_at=MOMENT - dt.timedelta(days=9),
    )
    assert [one.explanation for one in concerns(bad, LIMITS)] == [
        "Work is late: push notifications have been due for 12 minutes; 3 wait.",
        "The disk of the data folder is nearly full: 4 % (4.0 GB) is free. A database that cannot write stops.",
        "There is no backup yet: run `smith backup`, or see why it is not run regularly.",
    ]


async def test_a_page_never_waits_for_a_reading_that_takes_long_and_many_who_look_cost_one() -> None:
    let_go, begun, time = asyncio.Event(), 0, 100.0

    async def read() -> Facts:
        nonlocal begun
        begun += 1
        if begun > 1:
            await let_go.wait()
        return dataclasses.replace(WELL, database_bytes=begun)

    async def count() -> int:
        return 2

    known = KnownFacts(read, count, steady=lambda: time)
    first = await asyncio.gather(*(known.now() for _ in range(5)))
    assert {(facts.database_bytes, facts.accounts) for facts in first} == {(1, 2)}
    time += 6
    assert {(await known.now()).database_bytes for _ in range(5)} == {1}
    let_go.set()
    assert (await known.read()).database_bytes == 2
    assert (await known.now()).database_bytes == 2
    time += 91
    assert (await known.now()).database_bytes == 3, "what is too old is not shown"
    assert begun == 3


async def test_an_owner_alone_on_the_server_sees_all_of_it(new_database: NewDatabase, tmp_path: Path) -> None:
    url = await asyncio.to_thread(new_database)
    async with start_core(url, data_dir=tmp_path / "not there yet") as core:
        account = await start_account(core)
        await _record(url, made(), days_ago=8)
        seen = await _seen_with_backup(account)
        assert seen.is_whole_server
        assert seen.database_bytes > 1_000_000
        assert {queue.name for queue in seen.queues} == {queue.name for queue in QUEUES}
        assert seen.last_backup.place == "/srv/one.backup"
        assert [one.kind for one in seen.concerns] == [SERVER_CONCERN_KIND_BACKUP]
        assert 0 < seen.disk_free_bytes <= seen.disk_bytes
        processes = {one.name: one for one in seen.processes}
        assert processes["core"].version == seen.release
        assert processes["postgresql"].is_reachable
        assert not processes["delivery"].is_reachable, "none runs here"


async def test_an_owner_who_shares_the_server_sees_nothing_of_other_accounts(core: Core) -> None:
    account = await start_account(core)
    stranger = await start_account(core, "Elsewhere")
    await _record(core.database_url, made())
    late = """
    INSERT INTO deliveries (notification_id, device_id, account_id, user_id, apns_id, state, due_at, attempts)
    SELECT gen_random_uuid(), gen_random_uuid(), %s, gen_random_uuid(), gen_random_uuid(), 'due',
           now() - interval '1 hour', 0
    """
    await core.sql(late, stranger.id)
    alarm = '[{"route": ["sandbox", 1, "com.example.secret", null], "reason": "TopicDisallowed", "since": "%s"}]'
    await core.sql(
        "INSERT INTO core_reports VALUES (gen_random_uuid(), '1', now(), now(), %s::jsonb)", alarm % MOMENT.isoformat()
    )
    assert len((await _facts_of(core)).stopped) == 1
    seen = await _seen_with_backup(account)
    assert not seen.is_whole_server
    assert not seen.queues
    assert not seen.HasField("database_bytes")
    assert (seen.last_backup.place, seen.last_backup.bytes) == ("", 0)
    assert seen.last_backup.HasField("finished_at"), "when it was made is the same for all"
    assert not seen.concerns
    assert "secret" not in str(seen)


async def _seen_with_backup(account: Account) -> Any:
    """What the owner sees, once a reading has found the backup: one from before may be used for five seconds."""

    async def seen() -> Any:
        found = await account.owner.GetServerFacts()
        return found if found.HasField("last_backup") else None

    return await eventually_async("the backup is seen", seen)


async def _facts_of(core: Core) -> Facts:
    async with create_batch_pool(core.database_url, max_size=1) as pool:
        return await read(pool)


async def _record(url: str, new: NewRecord, *, days_ago: int = 0) -> None:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await record(connection, new)
        await connection.execute(
            "UPDATE backup_records SET finished_at = finished_at - %s * interval '1 day'", (days_ago,)
        )
