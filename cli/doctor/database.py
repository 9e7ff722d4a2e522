"""Checks PostgreSQL, its schema, the clock, and Redis."""

import asyncio
import datetime as dt
import time

import psycopg
from psycopg.conninfo import conninfo_to_dict

from cli.database.core_command import ask_core
from cli.database.embedded import url_of_running
from cli.database.tools import first_line
from cli.doctor.finding import Finding, fail, ok, skip, warn
from cli.doctor.settings import DoctorSettings
from cli.up.data_folder import absolute
from cli.up.errors import CannotStart, Failed

OLDEST_POSTGRES = 16
OFF, FAR_OFF = 5.0, 60.0
"""Seconds by which clocks may differ before a warning, and before APNs refuses our tokens."""
REVISION = "SELECT version_num FROM alembic_version"
LOOK = """
SELECT current_setting('server_version_num')::int / 10000, extract(epoch FROM clock_timestamp())::float8,
       inet_client_addr() IS DISTINCT FROM inet_server_addr(), to_regclass('alembic_version') IS NOT NULL,
       current_setting('server_encoding') = 'UTF8'
"""


async def database(settings: DoctorSettings, seconds: float) -> list[Finding]:
    """Checks that PostgreSQL answers, has the newest schema, and that the clocks agree."""
    url = settings.database_url or _embedded_url(settings)
    if url is None:
        where = absolute(settings.data_dir) / "postgres"
        return [fail("database", f"no PostgreSQL runs in {where}", "Start the server, or set SMITH_DATABASE_URL.")]
    advice = "See that PostgreSQL runs, that SMITH_DATABASE_URL is right, and that the user may read its tables."
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # The library's message about the URL may repeat the password.
        return [fail("database", "SMITH_DATABASE_URL is not a connection URL of PostgreSQL", advice)]
    try:
        async with await psycopg.AsyncConnection.connect(
            url, connect_timeout=max(2, int(seconds)), autocommit=True
        ) as connection:
            before = time.time()
            [(version, moment, elsewhere, has_table, is_utf8)] = await (await connection.execute(LOOK)).fetchall()
            after = time.time()
            rows = await (await connection.execute(REVISION)).fetchall() if has_table else []
    except psycopg.Error as error:
        return [fail("database", first_line(error), advice)]
    answering = f"PostgreSQL {version} answers in {(after - before) * 1000:.0f} ms"
    if version < OLDEST_POSTGRES:
        return [fail("database", answering, f"Use PostgreSQL {OLDEST_POSTGRES} or newer.")]
    if not is_utf8:
        advice = "Make a database with ENCODING 'UTF8' and restore a backup into it."
        return [fail("database", f"{answering}, but the database's encoding is not UTF8", advice)]
    offset = moment - (before + after) / 2
    clock = judge_clock(offset, "the database") if elsewhere else await _clock_by_gateway(settings, seconds)
    return [ok("database", answering), await _schema(rows[0][0] if rows else None), clock]


def judge_clock(offset: float, whose: str) -> Finding:
    """The finding for another machine's clock that is ahead of ours by `offset` seconds, or behind if negative."""
    if abs(offset) < OFF:
        return ok("clock", f"agrees with that of {whose}")
    said = f"this machine's clock is {abs(offset):,.0f} s {'behind' if offset > 0 else 'ahead of'} that of {whose}"
    if abs(offset) < FAR_OFF:
        return warn("clock", said, "Keep clocks by NTP.")
    return fail("clock", said, "Set the clocks by NTP: APNs refuses tokens whose time is wrong.")


async def _schema(revision: str | None) -> Finding:
    try:
        known = await ask_core("revisions")
    except (CannotStart, Failed) as error:
        return fail("schema", str(error), "Install the server again.")
    if revision == known[-1]:
        return ok("schema", f"{revision}, which is the newest")
    if revision is None:
        return warn("schema", "the database is empty", "Run `smith migrate`, or start a core.")
    if revision in known:
        return warn("schema", f"{revision}; this release has {known[-1]}", "Run `smith migrate`.")
    if revision < known[0]:
        advice = f'Upgrade it with an older build first: docs/operating.md, "From before schema {known[0]}".'
        return fail("schema", f"{revision}; this release upgrades schema {known[0]} and later only", advice)
    return fail("schema", f"{revision} is of a newer release than this one", "Run that release (docs/operating.md).")


async def _clock_by_gateway(settings: DoctorSettings, seconds: float) -> Finding:
    """Compares the clock with the `Date` of the gateway's answers, in whole seconds, if it is on another machine."""
    import email.utils

    import httpx

    host = httpx.URL(settings.gateway).host
    if host in ("localhost", "127.0.0.1", "::1"):
        return skip("clock", "the database and the gateway are on this machine", "`apns` below fails if it is wrong.")
    try:
        async with httpx.AsyncClient(timeout=seconds, trust_env=False) as client:
            date = (await client.get(f"{settings.gateway}/healthz")).headers["date"]
        moment: dt.datetime = email.utils.parsedate_to_datetime(date)
    except (httpx.HTTPError, KeyError, ValueError) as error:
        return skip("clock", f"the gateway's answers have no time ({type(error).__name__})")
    return judge_clock(moment.timestamp() + 0.5 - time.time(), "the gateway")


def _embedded_url(settings: DoctorSettings) -> str | None:
    try:
        return url_of_running(absolute(settings.data_dir) / "postgres")
    except (OSError, IndexError):
        return None


async def redis(settings: DoctorSettings, seconds: float) -> list[Finding]:
    """Checks that Redis answers and that it never removes keys by itself."""
    if not settings.redis_url:
        return [skip("redis", "SMITH_REDIS_URL is not set: several cores need it, one does not")]
    import redis.asyncio
    import redis.exceptions

    try:
        async with asyncio.timeout(seconds), redis.asyncio.from_url(settings.redis_url) as client:
            before = time.monotonic()
            facts = await client.info()
            took = time.monotonic() - before
    except (redis.exceptions.RedisError, OSError, ValueError) as error:
        # The library's message may repeat the URL, and with it the password.
        said = f"does not answer ({type(error).__name__})"
        return [fail("redis", said, "See that it runs, and that SMITH_REDIS_URL is right.")]
    policy = facts.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        return [warn("redis", f"maxmemory-policy is {policy}", "Set it to noeviction: counters must not vanish.")]
    return [ok("redis", f"Redis {facts.get('redis_version', '')} answers in {took * 1000:.0f} ms")]
