"""The schema's steps: they lead to what the models say, keep what is there, and know when the database is ahead."""

import asyncio
import datetime as dt
import json
import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy
import sqlalchemy.exc
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

from core_service import migrations
from service_kit.client import open_channel
from tests.core.conftest import NewDatabase
from tests.core.harness import Core, start_account
from tests.core.processes import core_command, core_process, serving_address
from tests.waiting import eventually

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
VERSIONS = Path(migrations.__file__).parent / "versions"
BASELINE, FUTURE = "0008", "9999"
BY_OLD_STEPS = Path(__file__).parent / "data" / "schema_0008.sql"

CATALOGUE = {
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
            pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    """,
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "others": """
        SELECT relkind, relname, obj_description(oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace
            AND relkind NOT IN ('t', 'i')
    """,
}
"""All that the catalogue says of our tables, but for the order of columns and how tables are stored."""


@contextmanager
def alchemy(url: str) -> Iterator[sqlalchemy.Connection]:
    """A connection as alembic wants it."""
    engine = sqlalchemy.create_engine("postgresql+psycopg" + url[url.index("://") :])
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def catalogue(url: str, query: str) -> list[str]:
    """What the query finds, without alembic's own table."""
    with psycopg.connect(url) as connection:
        return sorted(str(row) for row in connection.execute(query) if "alembic_version" not in str(row))


@pytest.fixture(scope="module")
def scripts() -> ScriptDirectory:
    """All steps."""
    return ScriptDirectory(str(VERSIONS.parent))


@pytest.fixture(scope="module")
def tables(new_database: NewDatabase) -> sqlalchemy.MetaData:
    """The tables of all models, which are loaded where a step is taken."""
    migrations.upgrade(new_database(empty=True))
    return SQLModel.metadata


def test_alembic_finds_no_difference_between_models_and_migrations(
    new_database: NewDatabase, tables: sqlalchemy.MetaData
) -> None:
    with alchemy(new_database()) as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, tables) == []


@pytest.mark.parametrize("what", CATALOGUE)
def test_postgres_finds_no_difference_between_models_and_migrations(
    new_database: NewDatabase, tables: sqlalchemy.MetaData, what: str
) -> None:
    """Check constraints and the predicates of indexes, which alembic does not compare, included."""
    modelled = new_database(empty=True)
    with alchemy(modelled) as connection:
        tables.create_all(connection)
    found = catalogue(new_database(), CATALOGUE[what])
    assert len(found) > 10
    assert found == catalogue(modelled, CATALOGUE[what])


def test_the_steps_are_one_line_without_branches(scripts: ScriptDirectory) -> None:
    steps = list(scripts.walk_revisions())[::-1]
    assert [step.revision for step in steps] == migrations.revisions()
    assert [step.down_revision for step in steps] == [None, *migrations.revisions()[:-1]]
    assert len(scripts.get_heads()) == len(scripts.get_bases()) == 1
    names = sorted(path.name for path in VERSIONS.glob("*.py"))
    assert [name.partition("_")[0] for name in names] == migrations.revisions(), "every file is a step, in order"
    for step, name in zip(steps, names, strict=True):
        assert re.fullmatch(r"\d{4}_[a-z_]+\.py", name)
        assert step.doc
        assert callable(step.module.upgrade)


def test_each_step_can_be_taken_by_itself_and_again(new_database: NewDatabase) -> None:
    url = new_database(empty=True)
    assert migrations.current(url) is None
    before = None
    for revision in migrations.revisions():
        assert migrations.upgrade(url, revision) == migrations.Upgrade(before, revision)
        before = revision
    assert migrations.upgrade(url) == migrations.Upgrade(before, before or "")


def insert(connection: psycopg.Connection[Any], table: str, **given: Any) -> dict[str, Any]:
    """A row with what is given and something that fits in every other column that must not be null."""
    columns = connection.execute(
        "SELECT column_name, udt_name FROM information_schema.columns WHERE table_name = %s AND is_nullable = 'NO' "
        "AND column_default IS NULL",
        (table,),
    ).fetchall()
    now = dt.datetime.now(dt.UTC)
    makers: dict[str, Any] = {
        "uuid": uuid.uuid4, "timestamptz": lambda: now, "bool": lambda: False, "varchar": lambda: uuid.uuid4().hex,
        "bytea": lambda: uuid.uuid4().bytes, "jsonb": lambda: "{}", "_varchar": list,
    }  # fmt: skip
    row = {name: makers.get(kind, int)() for name, kind in columns} | given
    names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))  # type: ignore[call-overload]  # noqa: S608
    return row


def test_of_devices_that_shared_a_token_the_newest_report_keeps_it(new_database: NewDatabase) -> None:
    """0010 gives each token one holder."""
    url = new_database(empty=True)
    migrations.upgrade(url, "0008")
    earlier, later = (dt.datetime(2026, 1, day, tzinfo=dt.UTC) for day in (1, 2))
    tokens = {"push_token": "aa" * 32, "push_to_start_token": "bb" * 32, "environment": "sandbox"}
    with psycopg.connect(url) as connection:
        devices = [
            insert(
                connection,
                "devices",
                account_id=insert(connection, "accounts")["id"],
                user_id=insert(connection, "users")["id"],
                push_token_registered_at=moment,
                push_to_start_token_registered_at=moment,
                **tokens,
            )["id"]
            for moment in (earlier, later)
        ]
    migrations.upgrade(url, "0010")
    query = "SELECT push_token, push_to_start_token, tokens_taken_at IS NOT NULL FROM devices WHERE id = %s"
    with psycopg.connect(url) as connection:
        old, new = (connection.execute(query, (device,)).fetchone() for device in devices)
    assert old == (None, None, True)
    assert new == (tokens["push_token"], tokens["push_to_start_token"], False)


def test_cards_of_others_leave_the_screens_of_phones_that_were_paired_twice(new_database: NewDatabase) -> None:
    """0010: also when it is only by the second token that a phone is known to be somebody else's by now."""
    url = new_database(empty=True)
    migrations.upgrade(url, "0008")
    now = dt.datetime.now(dt.UTC)
    earlier, later = now - dt.timedelta(days=2), now - dt.timedelta(days=1)
    with psycopg.connect(url) as connection:
        account, other = (insert(connection, "accounts")["id"] for _ in range(2))
        person, stranger = (insert(connection, "users")["id"] for _ in range(2))
        activity = insert(connection, "live_activities", account_id=account, expires_at=now)["id"]

        def pair(account_id: Any, user_id: Any, moment: dt.datetime, **tokens: str) -> Any:
            device = insert(
                connection, "devices", account_id=account_id, user_id=user_id, environment="sandbox",
                push_token_registered_at=moment, push_to_start_token_registered_at=moment, **tokens,
            )["id"]  # fmt: skip
            insert(
                connection, "live_activity_devices", activity_id=activity, device_id=device, account_id=account_id,
                user_id=user_id, phase="live", update_token=f"of {tokens}, {moment}", timestamp=7,
            )  # fmt: skip
            return device

        taken = pair(account, person, earlier, push_token="aa" * 32)
        by_start_token = pair(account, person, earlier, push_to_start_token="bb" * 32)
        their_own = pair(account, person, earlier, push_to_start_token="cc" * 32)
        holders = [
            pair(other, stranger, later, push_token="aa" * 32),
            pair(other, stranger, later, push_to_start_token="bb" * 32),
            pair(account, person, later, push_to_start_token="cc" * 32),
        ]
    migrations.upgrade(url, "0010")
    with psycopg.connect(url) as connection:
        live = connection.execute("SELECT device_id FROM live_activity_devices WHERE phase = 'live'").fetchall()
        assert {one for (one,) in live} == {their_own, *holders}
        ended = connection.execute(
            "SELECT device_id FROM live_activity_devices WHERE phase = 'ended' AND update_token IS NULL "
            "AND withdrawn_at IS NOT NULL AND next_at IS NULL"
        ).fetchall()
        assert {one for (one,) in ended} == {taken, by_start_token}
        owed = connection.execute(
            "SELECT device_id, account_id, environment, timestamp > 7, gone_at > now() + interval '3 hours' "
            "FROM live_activity_withdrawals WHERE next_at <= now()"
        ).fetchall()
        assert sorted(owed) == sorted((one, account, "sandbox", True, True) for one in (taken, by_start_token))


def test_invites_of_who_is_no_owner_any_more_end_with_the_upgrade(new_database: NewDatabase) -> None:
    """0009: their links are refused from then on, and they must not keep the address from being invited again."""
    url = new_database(empty=True)
    migrations.upgrade(url, "0008")
    with psycopg.connect(url) as connection:
        account = insert(connection, "accounts")["id"]
        invites = {}
        for who, role in (("owner", "owner"), ("demoted", "member"), ("removed", None)):
            user = insert(connection, "users")["id"]
            if role is not None:
                insert(connection, "members", account_id=account, user_id=user, role=role)
            invite = insert(
                connection, "invites", account_id=account, invited_by=user, role="member", mail_state="sent"
            )
            insert(connection, "invite_tokens", invite_id=invite["id"])
            invites[who] = invite["id"]
        elsewhere = insert(connection, "accounts")["id"]
        insert(connection, "members", account_id=elsewhere, user_id=user, role="owner")
        insert(connection, "invites", account_id=account, invited_by=None, role="member", mail_state="sent")
    migrations.upgrade(url)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT id FROM invites").fetchall() == [(invites["owner"],)]
        assert connection.execute("SELECT invite_id FROM invite_tokens").fetchall() == [(invites["owner"],)]


@pytest.mark.thorough
def test_logins_without_an_account_are_forgotten_a_month_after_the_upgrade(new_database: NewDatabase) -> None:
    url, account_id, member, left = new_database(empty=True), uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    before = migrations.revisions()[migrations.revisions().index("0022") - 1]
    migrations.upgrade(url, before)
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO accounts (id, name, created_at) VALUES (%s, 'a', now())", [account_id])
        for one in (member, left):
            connection.execute(
                "INSERT INTO users (id, email, name, password_hash, created_at) VALUES (%s, %s, '', '', now())",
                [one, str(one)],
            )
        connection.execute(
            "INSERT INTO members (account_id, user_id, role, created_at) VALUES (%s, %s, 'owner', now())",
            [account_id, member],
        )
    migrations.upgrade(url)
    with psycopg.connect(url) as connection:
        days = connection.execute("SELECT id, extract(day FROM forget_at - now()) FROM users").fetchall()
    assert dict(days) == {member: None, left: 29}


@pytest.mark.thorough
def test_processes_that_start_together_take_turns(new_database: NewDatabase) -> None:
    url = new_database(empty=True)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: core_command(url, "migrate"), range(4)))
    assert [answer.returncode for answer in answers] == [0] * 4, [answer.stderr for answer in answers]
    newest = migrations.revisions()[-1]
    found = sorted(str(json.loads(answer.stdout)["before"]) for answer in answers)
    assert found == [newest] * 3 + ["None"], "one of them did it"


def made_by_old_steps(new_database: NewDatabase) -> str:
    """A database at 0008 of before eight steps became one."""
    url = new_database(empty=True)
    with psycopg.connect(url) as connection:
        connection.execute(BY_OLD_STEPS.read_bytes())
    return url


STORED = "SELECT relname, reloptions FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
ORDERED = """
    SELECT attrelid::regclass::text, array_agg(attname ORDER BY attnum) FROM pg_attribute
    WHERE attnum > 0 AND NOT attisdropped AND attrelid IN (
        SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    ) GROUP BY attrelid
"""


@pytest.mark.parametrize("revision", [BASELINE, "head"])
def test_the_first_step_makes_what_eight_steps_once_made(new_database: NewDatabase, revision: str) -> None:
    """To the order of columns and how tables are stored; and what they have made goes on from there."""
    old, new = made_by_old_steps(new_database), new_database(empty=True)
    before = migrations.upgrade(old, revision).before
    migrations.upgrade(new, revision)
    assert before == BASELINE
    assert migrations.current(old) == migrations.current(new)
    for query in (*CATALOGUE.values(), STORED, ORDERED):
        found = catalogue(new, query)
        assert len(found) > 10
        assert found == catalogue(old, query)


def test_rows_of_before_the_first_release_are_kept(new_database: NewDatabase) -> None:
    url = made_by_old_steps(new_database)
    with psycopg.connect(url) as connection:
        account = insert(connection, "accounts")["id"]
        notification = insert(connection, "notifications", account_id=account)["id"]
        owed = insert(connection, "deliveries", notification_id=notification, account_id=account, state="due")
    migrations.upgrade(url)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT account_id, device_id, state FROM deliveries").fetchall() == [
            (account, owed["device_id"], "due")
        ]


@pytest.mark.parametrize("command", [[], ["migrate"], ["migrate", "--check"]])
def test_a_schema_from_before_the_baseline_is_refused_with_what_helps(
    new_database: NewDatabase, command: list[str]
) -> None:
    url = new_database(empty=True)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        connection.execute("INSERT INTO alembic_version VALUES ('0007')")
    answer = core_command(url, *command)
    assert answer.returncode == 2
    (line,) = answer.stderr.splitlines()
    assert "schema 0007" in line
    assert "run `smith migrate` of an older build first" in line
    heading = re.search(r'docs/operating\.md, "(.+)"', line)
    assert heading is not None
    assert f"### {heading[1]}\n" in (ROOT / "docs" / "operating.md").read_text()
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert tables == [("alembic_version",)], "nothing was touched"


def pretend_to_be_newer(url: str) -> None:
    """What an upgrade by the next release does: a step that only expands."""
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE deliveries ADD COLUMN of_the_future text")
        connection.execute("CREATE TABLE of_the_future (id uuid PRIMARY KEY)")
        connection.execute("UPDATE alembic_version SET version_num = %s", (FUTURE,))


@pytest.mark.thorough
@pytest.mark.parametrize("command", [[], ["migrate"], ["migrate", "--check"]])
def test_an_older_release_refuses_a_newer_database_with_one_line(new_database: NewDatabase, command: list[str]) -> None:
    url = new_database()
    pretend_to_be_newer(url)
    answer = core_command(url, *command)
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1, answer.stderr
    line = answer.stderr
    assert FUTURE in line
    assert migrations.revisions()[-1] in line
    assert "newer release" in line
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(FUTURE,)]


@pytest.mark.thorough
async def test_a_core_goes_on_while_a_newer_one_upgrades_the_database(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    url = await asyncio.to_thread(new_database)
    with core_process(url, tmp_path / "log") as process:
        address = await asyncio.to_thread(serving_address, process, tmp_path / "log")
        async with open_channel(address) as channel, aclosing(Core(address, url, channel)) as core:
            account = await start_account(core)
            await account.add_startable_phone()
            _, key = await account.add_key()
            backend = account.core.caller(key)
            assert (await backend.SendPushNotification(title="before")).devices_queued == 1
            await asyncio.to_thread(pretend_to_be_newer, url)
            assert (await backend.SendPushNotification(title="after")).devices_queued == 1
        assert process.poll() is None


@pytest.mark.thorough
def test_a_step_does_not_keep_requests_waiting_behind_it(new_database: NewDatabase) -> None:
    """It gives up when somebody, say a backup, holds a table; core tries again until it gets it."""
    url = new_database(empty=True)
    migrations.upgrade(url, "0008")
    with psycopg.connect(url) as reader:
        reader.execute("SELECT * FROM devices")
        with pytest.raises(sqlalchemy.exc.OperationalError, match="lock timeout"):
            migrations.upgrade(url)
        assert migrations.current(url) == "0008", "all or nothing"
        refused = core_command(url, "migrate")
        assert refused.returncode == 1
        assert refused.stderr.strip().splitlines()[-1].endswith("canceling statement due to lock timeout")
    assert core_command(url, "migrate").returncode == 0


@pytest.mark.thorough
def test_core_waits_for_a_table_and_then_serves(new_database: NewDatabase, tmp_path: Path) -> None:
    url, log = new_database(empty=True), tmp_path / "log"
    migrations.upgrade(url, "0008")
    with psycopg.connect(url) as reader, core_process(url, log) as process:
        reader.execute("SELECT * FROM devices")
        eventually("core says that it waits", lambda: "waiting for the database" in log.read_text())
        reader.rollback()
        assert serving_address(process, log)


@pytest.mark.thorough
def test_a_refusal_of_postgres_is_one_line(new_database: NewDatabase) -> None:
    url = new_database(empty=True)
    role = f"reader_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")  # type: ignore[call-overload]
    as_reader = url.replace("postgresql://postgres", f"postgresql://{role}")
    assert as_reader != url
    for command in ([], ["migrate"]):
        answer = core_command(as_reader, *command)
        assert answer.returncode == 1
        assert "permission denied for schema public" in answer.stderr
        assert "Traceback" not in answer.stderr
