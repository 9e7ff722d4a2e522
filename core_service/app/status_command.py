"""`python -m core_service status` and `record-backup`: what `smith status` and `smith backup` ask of the database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import psycopg
import psycopg_pool
import sqlalchemy.exc
from pydantic import ValidationError

from core_service import migrations
from core_service.app.bootstrap import CannotMake
from core_service.app.queues import QUEUES
from core_service.common.orm import now
from core_service.settings import StatusSettings
from core_service.status.backups import NewRecord, record
from core_service.status.concerns import concerns
from core_service.status.facts import Facts, read_facts
from core_service.status.wiring import thresholds_of
from core_service.work_queue.backlog import Backlog
from service_kit.database import DATABASE_AWAY, Pool, create_batch_pool

CONNECT_SECONDS = 10


async def status(settings: StatusSettings) -> dict[str, Any]:
    """How the server runs, for JSON. Raises CannotMake if the database does not say it."""
    await _require_newest(settings.database_url)
    async with _pool(settings.database_url) as pool:
        facts = await read_facts(pool, Backlog(pool, QUEUES, now), settings.data_dir, {})
    return _as_json(facts) | {"concerns": [asdict(one) for one in concerns(facts, thresholds_of(settings))]}


async def record_backup(database_url: str, told: bytes) -> dict[str, Any]:
    """Records a backup or a restore, which `told` describes in JSON. Raises CannotMake."""
    try:
        new = NewRecord.model_validate_json(told)
    except ValidationError as error:
        raise CannotMake("what was made is described in a way that this release does not know") from error
    await _require_newest(database_url)
    try:
        async with await psycopg.AsyncConnection.connect(
            database_url, autocommit=True, connect_timeout=CONNECT_SECONDS
        ) as connection:
            await record(connection, new)
    except psycopg.Error as error:
        raise CannotMake(f"the database does not take it: {_first_line(error)}") from error
    return {"recorded": new.kind}


async def _require_newest(database_url: str) -> None:
    try:
        schema, newest = await asyncio.to_thread(migrations.current, database_url), migrations.revisions()[-1]
    except migrations.UnknownSchema as error:
        raise CannotMake(str(error)) from error
    except sqlalchemy.exc.OperationalError as error:
        raise CannotMake(f"the database cannot be reached: {_first_line(error.orig)}") from error
    if schema != newest:
        raise CannotMake(f"the database has schema {schema}, this release has {newest}: run `smith migrate` first")


@asynccontextmanager
async def _pool(database_url: str) -> AsyncIterator[Pool]:
    try:
        async with create_batch_pool(database_url, max_size=1) as pool:
            yield pool
    except (*DATABASE_AWAY, psycopg.Error, psycopg_pool.PoolTimeout) as error:
        raise CannotMake(f"the database does not answer: {_first_line(error)}") from error


def _first_line(error: BaseException | None) -> str:
    """What PostgreSQL or the network said, without rows."""
    return str(error).strip().partition("\n")[0]


def _as_json(facts: Facts) -> dict[str, Any]:
    """The facts with times and ids as text."""
    cores = [
        {"release": core.release, "started_at": core.started_at, "reported_at": core.reported_at}
        for core in facts.cores
    ]
    stopped = [{"route": str(one.route), "reason": one.reason, "since": one.since} for one in facts.stopped]
    return {
        "read_at": facts.read_at,
        "schema": facts.schema,
        "postgresql": facts.postgresql,
        "database_bytes": facts.database_bytes,
        "queues": {name: asdict(depth) for name, depth in facts.queues.items()},
        "cores": cores,
        "stopped_routes": stopped,
        "disk": asdict(facts.disk) if facts.disk else None,
        "last_backup": asdict(facts.last_backup) if facts.last_backup else None,
        "restored": asdict(facts.restored) if facts.restored else None,
    }
