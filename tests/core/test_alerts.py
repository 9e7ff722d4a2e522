"""What needs attention is told once when it begins and once when it is over, whatever the number of cores."""

import asyncio
import dataclasses
import datetime as dt
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from smith.core.v1.account_pb2 import ROLE_OWNER

from core_service.common.jobs import cancel, start_jobs
from core_service.common.orm import id_at, lowest_id, now
from core_service.events.service import EventBus
from core_service.mail.port import Mail, MailResult, MailVerdict
from core_service.sending.circuit_breaker import Alarm, Route, Step
from core_service.settings import CoreSettings
from core_service.status.alert_messages import AlertSender, build_alert_messages
from core_service.status.alerts import Alerts
from core_service.status.concerns import Thresholds
from core_service.status.disk import Disk
from core_service.status.facts import Facts
from core_service.webhooks.attempts import Call, WebhookResult, WebhookVerdict
from core_service.work_queue.backlog import Depth
from service_kit.database import Pool, create_batch_pool
from tests.core.conftest import NewDatabase
from tests.core.harness import start_account, start_core
from tests.core.mail_rig import start_mail_world
from tests.core.test_server_facts import WELL
from tests.waiting import eventually_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIMITS = Thresholds(queue_minutes=5, disk_percent=10, backup_days=7)
LATE = dataclasses.replace(WELL, queues={"notifications": Depth(3, 720.0)})
FULL = dataclasses.replace(WELL, disk=Disk("/srv", 1, 100))
MAILS = "SELECT recipient, kind, is_end FROM alert_messages ORDER BY queued_at, recipient"


@pytest_asyncio.fixture(loop_scope="session")
async def pool(new_database: NewDatabase) -> AsyncIterator[Pool]:
    """A database that no core works on."""
    async with create_batch_pool(await asyncio.to_thread(new_database), max_size=8) as pool:
        yield pool


class Watch:
    """What one core checks; its facts are what the test says."""

    def __init__(self, pool: Pool, *, emails: tuple[str, ...] = ("ops@team.test",), machine: str = "one") -> None:
        self.facts, self.woken, self._pool = WELL, 0, pool
        self.alerts = Alerts(pool, self._now, LIMITS, emails, self._wake, machine=machine)

    async def _now(self) -> Facts:
        return self.facts

    def _wake(self) -> None:
        self.woken += 1

    async def check(self, facts: Facts, *, minutes_later: int = 0) -> None:
        """A check that finds these facts, so long after the one before."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE server_alerts SET seen_at = seen_at - %s * interval '1 minute'", (minutes_later,)
            )
        self.facts = facts
        await self.alerts.check()


async def mails(pool: Pool) -> list[tuple[Any, ...]]:
    """Those that were queued: address, kind, and whether they say that it is over."""
    async with pool.connection() as connection:
        return await (await connection.execute(MAILS)).fetchall()


async def test_what_lasts_is_told_once_when_it_begins_and_once_when_it_is_over(pool: Pool) -> None:
    watch = Watch(pool, emails=("ada@team.test", "ben@team.test"))
    for _ in range(3):
        await watch.check(LATE, minutes_later=1)
    begun = [("ada@team.test", "queue_age", False), ("ben@team.test", "queue_age", False)]
    assert await mails(pool) == begun
    await watch.check(WELL, minutes_later=6)
    over = [("ada@team.test", "queue_age", True), ("ben@team.test", "queue_age", True)]
    assert await mails(pool) == begun + over
    await watch.check(WELL, minutes_later=6)
    assert len(await mails(pool)) == 4
    assert watch.woken == 2
    await watch.check(LATE)
    assert len(await mails(pool)) == 6, "when it begins again it is told again"


async def test_what_comes_and_goes_within_minutes_is_one_alert(pool: Pool) -> None:
    watch = Watch(pool)
    for facts in (LATE, WELL, LATE, WELL, WELL, LATE):
        await watch.check(facts, minutes_later=1)
    assert await mails(pool) == [("ops@team.test", "queue_age", False)]


async def test_two_cores_that_find_the_same_at_the_same_time_tell_it_once(pool: Pool) -> None:
    cores = [Watch(pool) for _ in range(4)]
    await asyncio.gather(*(core.check(LATE) for core in cores))
    assert await mails(pool) == [("ops@team.test", "queue_age", False)]
    async with pool.connection() as connection:
        await connection.execute("UPDATE server_alerts SET seen_at = now() - interval '6 minutes'")
    await asyncio.gather(*(core.check(WELL) for core in cores))
    assert await mails(pool) == [("ops@team.test", "queue_age", False), ("ops@team.test", "queue_age", True)]


async def test_the_disks_of_two_machines_are_two_alerts_and_neither_ends_the_other(pool: Pool) -> None:
    one, other = Watch(pool, machine="one"), Watch(pool, machine="other")
    await one.check(FULL)
    await other.check(FULL)
    for _ in range(8):
        await one.check(WELL, minutes_later=1)
        await other.check(FULL)
    assert await mails(pool) == [
        ("ops@team.test", "disk", False), ("ops@team.test", "disk", False), ("ops@team.test", "disk", True),
    ]  # fmt: skip


async def test_without_addresses_nothing_is_queued_and_the_log_has_it(
    pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    watch = Watch(pool, emails=())
    await watch.check(LATE)
    assert await mails(pool) == []
    assert watch.woken == 0
    assert "needs attention: queue_age Work is late: push notifications" in caplog.text


async def test_a_mail_about_an_alert_reaches_its_address(new_database: NewDatabase) -> None:
    url = await asyncio.to_thread(new_database)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(
            "INSERT INTO accounts (id, name, created_at) VALUES (gen_random_uuid(), 'Old', now() - interval '30 days')"
        )
    limits = {"alert_mail_to": "ops@team.test", "alert_disk_percent": 0, "alert_backup_days": 7}
    async with start_mail_world(url, of_core=limits) as world:
        mail = await world.box.mail_to("ops@team.test")
        assert mail.subject == "ActivitySmith: there is no recent backup"
        assert "There is no backup yet: run `smith backup`" in mail.text
        assert "http://admin.test/settings/server" in mail.text


class Receiver:
    """A webhook that answers what the test says, and the mails that went another way."""

    def __init__(self, *verdicts: WebhookVerdict) -> None:
        self.calls: list[Call] = []
        self.mails: list[Mail] = []
        self._verdicts = list(verdicts)

    async def call(self, call: Call) -> WebhookResult:
        """See WebhookCaller."""
        self.calls.append(call)
        return WebhookResult(self._verdicts.pop(0))

    async def send(self, mail: Mail) -> MailResult:
        """See MailSender."""
        self.mails.append(mail)
        return MailResult(MailVerdict.SENT)


async def test_a_webhook_is_told_the_same_as_json_until_it_takes_it(pool: Pool) -> None:
    receiver = Receiver(WebhookVerdict.RETRY, WebhookVerdict.SUCCEEDED)
    sender = AlertSender(receiver, receiver, receiver)
    outbox = build_alert_messages(sender, pool, EventBus(), admin_url="http://admin.test/")
    jobs = start_jobs(outbox.run, outbox.write)
    try:
        await Watch(pool, emails=("ops@team.test", "https://hooks.test/secret")).check(LATE)
        await eventually_async("a call was refused", lambda: _waits(pool))
        async with pool.connection() as connection:
            await connection.execute("UPDATE alert_messages SET due_at = now()")
        outbox.wake()
        await eventually_async("both are told", lambda: _told(pool, 2))
    finally:
        await cancel(*jobs)
    first, second = receiver.calls
    assert (first, first.url, first.method) == (second, "https://hooks.test/secret", "POST")
    told = json.loads(first.body)
    assert told["id"] == first.idempotency_key
    assert (told["event"], told["kind"]) == ("alert.begun", "queue_age")
    assert told["explanation"].startswith("Work is late: push notifications")
    assert told["text"].startswith("ActivitySmith: work is late. Work is late: push notifications")
    assert [mail.to for mail in receiver.mails] == ["ops@team.test"]


async def test_no_push_is_about_pushes_that_are_stopped(pool: Pool) -> None:
    """It would stop the route again each time that it is tried, and tell of that."""
    alarm = Alarm(Route("production", Step.SENDER), "InvalidProviderToken", now())
    stopped = dataclasses.replace(WELL, stopped=[alarm])
    watch = Watch(pool, emails=("ops@team.test", "push:ada@team.test"))
    await watch.check(stopped)
    await watch.check(WELL, minutes_later=6)
    assert await mails(pool) == [("ops@team.test", "route_stopped", False), ("ops@team.test", "route_stopped", True)]
    await watch.check(LATE)
    assert (await mails(pool))[2:] == [
        ("ops@team.test", "queue_age", False),
        ("push:ada@team.test", "queue_age", False),
    ]


NO_BACKUP = {"alert_disk_percent": 0, "alert_backup_days": 7}


async def test_an_alert_is_a_push_to_the_phones_of_an_owner_and_of_no_other_person(new_database: NewDatabase) -> None:
    url = await asyncio.to_thread(new_database)
    # This one looks for no backup: an alert that it found would begin and be told to none, as it has no recipients.
    async with start_core(url, alert_backup_days=0) as core:
        account = await start_account(core)
        owners, email = [await account.add_startable_phone(account.owner_id) for _ in range(2)], account.email
        await account.add_startable_phone((await account.add_member())[0])
        await core.sql("UPDATE accounts SET created_at = now() - interval '30 days'")
    others = {"alert_mail_to": "ops@team.test", "alert_webhook_url": "https://hooks.test/secret"}
    told = others | {"alert_push_to": email.upper(), "admin_url": "http://admin.test"}
    async with start_core(url, **told, **NO_BACKUP) as core:
        owner = core.caller(account.session)

        async def sent() -> Any:
            return (await owner.ListPushNotifications()).push_notifications

        [notification] = await eventually_async("the phones are owed it", sent)
        assert notification.title == "ActivitySmith: there is no recent backup"
        assert notification.message.startswith("There is no backup yet")
        assert (notification.api_key_id, notification.user_id, notification.sender_name) == ("", "", "")
        found = await owner.GetPushNotification(notification_id=notification.id)
        assert {one.device_id for one in found.deliveries} == {phone.id for phone in owners}
        told_by = (await owner.GetServerFacts()).alert_recipients
        assert (told_by.mails, told_by.webhooks, told_by.people) == (1, 1, 1)
        assert found.content.redirection == "http://admin.test/settings/server"

        # What is tried again because its outcome is unknown is no second notification.
        of_push = "WHERE recipient LIKE 'push:%%'"

        async def settled(attempts: int) -> bool:
            query = f"SELECT state, attempts FROM alert_messages {of_push}"  # noqa: S608
            return await core.sql(query) == [("sent", attempts)]

        await eventually_async("it is settled", lambda: settled(1))
        await core.sql(f"UPDATE alert_messages SET state = 'queued', due_at = now() {of_push}")  # noqa: S608

        await eventually_async("it is settled again", lambda: settled(2))
        assert len(await sent()) == 1


@pytest.mark.thorough
async def test_an_alert_for_a_person_without_a_phone_waits_for_one_and_is_told_in_the_log(
    new_database: NewDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    url = await asyncio.to_thread(new_database)
    # As above, the first one looks for no backup.
    async with start_core(url, alert_backup_days=0) as core:
        account = await start_account(core)
        user_id, member = await account.add_member()
        phone = await account.add_startable_phone(user_id)
        email = (await member.GetAccount()).member.email
        await core.sql("UPDATE accounts SET created_at = now() - interval '30 days'")
    async with start_core(url, alert_push_to=email, **NO_BACKUP) as core:
        owner = core.caller(account.session)

        async def waits() -> bool:
            found = await core.sql("SELECT state, reason FROM alert_messages")
            return found == [("queued", "NoPhone")]

        await eventually_async("it waits", waits)
        assert not (await owner.ListPushNotifications()).push_notifications
        # Whose account it is now, on the phone that they had before.
        await owner.UpdateMember(user_id=user_id, role=ROLE_OWNER)

        async def sent() -> Any:
            return (await owner.ListPushNotifications()).push_notifications

        [notification] = await eventually_async("their phone is owed it", sent)
        found = await owner.GetPushNotification(notification_id=notification.id)
        assert [one.device_id for one in found.deliveries] == [phone.id]
    assert f"SMITH_ALERT_PUSH_TO: {email} owns no workspace" in caplog.text


MOMENTS = st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2200, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001


@given(moment=MOMENTS, seed=st.uuids(version=4))
async def test_the_notification_of_a_message_has_one_id_that_sorts_by_its_time(
    moment: dt.datetime, seed: uuid.UUID
) -> None:
    made = id_at(moment, seed)
    assert made == id_at(moment, seed)
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert lowest_id(moment) < made < lowest_id(moment + dt.timedelta(milliseconds=2))
    assert made != id_at(moment, uuid.uuid4())


async def _waits(pool: Pool) -> bool:
    async with pool.connection() as connection:
        query = "SELECT 1 FROM alert_messages WHERE state = 'queued' AND attempts = 1"
        return bool(await (await connection.execute(query)).fetchall())


async def _told(pool: Pool, count: int) -> bool:
    async with pool.connection() as connection:
        query = "SELECT 1 FROM alert_messages WHERE state = 'sent'"
        return len(await (await connection.execute(query)).fetchall()) == count


async def test_a_webhook_that_is_not_https_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="alert_webhook_url"):
        CoreSettings(database_url="postgresql:///smith", alert_webhook_url="http://hooks.test/x")
    assert CoreSettings(database_url="postgresql:///smith", alert_webhook_url="").alert_webhook_url is None


@pytest.mark.parametrize(
    ("told", "words"),
    [("ops", "ops is no e-mail address"), (",".join(["a@team.test"] * 11), "must name at most 10 addresses")],
)
async def test_addresses_that_are_none_are_refused_at_the_start(told: str, words: str) -> None:
    for setting in ("alert_mail_to", "alert_push_to"):
        with pytest.raises(ValueError, match=words):
            CoreSettings.model_validate({"database_url": "postgresql:///smith", setting: told})
    named = " a@team.test, B@team.test ,"
    settings = CoreSettings(database_url="postgresql:///smith", alert_mail_to=named, alert_push_to=named)
    assert (settings.alert_addresses, settings.alert_people) == (
        ["a@team.test", "B@team.test"],
        ["a@team.test", "b@team.test"],
    )
