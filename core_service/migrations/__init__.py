"""The database's schema, as steps that only ever go forward."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy
from sqlalchemy import Connection, text

from service_kit import loading
from service_kit.database import NOTICE_A_VANISHED_HOST

log = logging.getLogger(__name__)

STEPS = Path(__file__).parent / "versions"
NEWEST = "head"
"""Alembic's name for the newest revision."""
LOCK = 0x534D495448  # "SMITH"
LOCK_TIMEOUT = "3s"
"""How long a step waits for a table. Meanwhile those who want it after us wait as well, and they are requests."""


class UnknownSchema(Exception):
    """The database has a schema that this release does not know. The message is one line for the operator."""

    def __init__(self, revision: str) -> None:
        oldest, *_, newest = revisions()
        if revision < oldest:
            why = (
                f"this release upgrades schema {oldest} and later only: run `smith migrate` of an older build first. "
                f'docs/operating.md, "From before schema {oldest}", has the commands'
            )
        else:
            why = (
                f"this release knows schemas up to {newest} only: a newer release has upgraded it. Run that release, "
                "or restore a backup made before the upgrade"
            )
        super().__init__(f"the database has schema {revision} and {why}")


@dataclass(frozen=True)
class Upgrade:
    """What was done."""

    before: str | None
    """The revision found; None in a database without a schema."""
    after: str


def revisions() -> list[str]:
    """The revisions that this release knows, oldest first: the beginnings of the names of the steps' files."""
    return sorted(step.name.partition("_")[0] for step in STEPS.glob("[0-9]*.py"))


def current(database_url: str) -> str | None:
    """The database's revision; None if it has no schema.

    Raises UnknownSchema if this release does not know it, sqlalchemy.exc.OperationalError if the database cannot be
    reached.
    """
    with _connect(database_url) as connection:
        return _current(connection)


def upgrade(database_url: str, revision: str = NEWEST) -> Upgrade:
    """Brings the database to the newest schema, or to `revision`, in one transaction. Processes that start together
    take turns.

    Raises UnknownSchema if the database is ahead of this release, or too far behind it; nothing is changed then. Raises
    sqlalchemy.exc.OperationalError if the database cannot be reached, or if a table is held by somebody else for
    longer than LOCK_TIMEOUT: trying again is worth while.
    """
    with _connect(database_url) as connection, _turn(connection):
        before = _current(connection)
        if before == (revisions()[-1] if revision == NEWEST else revision):
            return Upgrade(before, before)
        _take_steps(connection, revision)
        after = _current(connection)
        if before != after:
            log.info("upgraded the schema from %s to %s", before or "nothing", after)
        return Upgrade(before, after or "")


def _take_steps(connection: Connection, revision: str) -> None:
    # Loaded here, because most starts take no step. Mako, beneath alembic, would color its error pages.
    with loading.without("pygments"):
        from alembic import command
        from alembic.config import Config
    config = Config()
    config.set_main_option("script_location", "core_service:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _current(connection: Connection) -> str | None:
    revision = None
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one() is not None:
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    connection.commit()
    if revision is not None and revision not in revisions():
        raise UnknownSchema(revision)
    return revision


@contextmanager
def _connect(database_url: str) -> Iterator[Connection]:
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg" + database_url[database_url.index("://") :],
        connect_args={"connect_timeout": 5, **NOTICE_A_VANISHED_HOST},
    )
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def _turn(connection: Connection) -> Iterator[None]:
    """One process at a time. The lock goes with the connection, however that ends."""
    # A role may have limits for its statements. Changing a large table takes what it takes.
    connection.execute(text("SET statement_timeout = 0"))
    if not connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}).scalar_one():
        log.info("another process is upgrading the schema: waiting for it")
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
        connection.commit()
