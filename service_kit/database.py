"""Connections to PostgreSQL: pools for explicit SQL, and a SQLAlchemy engine for administration."""

import psycopg
import psycopg_pool
import sqlalchemy.exc
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

NOTICE_A_VANISHED_HOST = {
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""libpq's parameters, in seconds and milliseconds. Without them a statement sent to a host that has vanished would wait
for a quarter of an hour or more."""

Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]

DATABASE_AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    # Connected to what is a replica since a failover.
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg_pool.PoolTimeout,
    psycopg_pool.PoolClosed,
    psycopg_pool.TooManyRequests,
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.TimeoutError,
)
"""What is raised while there is no database to ask."""

LIMITS = "-c statement_timeout=10s -c idle_in_transaction_session_timeout=15s"


def create_request_pool(url: str, *, max_size: int) -> Pool:
    """A closed pool for the few statements that every request makes, each its own transaction.

    They are prepared, and planned once: planning took as long as running them. A plan made while a table was empty is
    kept after it has grown, so the planner is told to shun sequential scans. Statements that join a list with a large
    table do not belong here.
    """
    options = f"{LIMITS} -c enable_seqscan=off -c plan_cache_mode=force_generic_plan"
    return _create_pool(url, max_size=max_size, prepare_threshold=1, options=options)


def create_batch_pool(url: str, *, max_size: int) -> Pool:
    """A closed pool for statements that work on many rows at once, each its own transaction, and whose last results may
    be forgotten if PostgreSQL itself crashes.

    They are planned at each execution, for the tables as they are and the lists as long as they are: a plan for small
    ones pairs every row with every other.
    """
    options = f"{LIMITS} -c enable_seqscan=off -c plan_cache_mode=force_custom_plan -c synchronous_commit=off"
    return _create_pool(url, max_size=max_size, prepare_threshold=None, options=options)


def _create_pool(url: str, *, max_size: int, prepare_threshold: int | None, options: str) -> Pool:
    """A caller waits at most 2 seconds for a connection, and at most 2,000 callers wait; beyond that the answer is
    UNAVAILABLE rather than a growing queue. Every statement is cut off after 10 seconds."""
    return AsyncConnectionPool(
        url,
        min_size=2,
        max_size=max_size,
        max_waiting=2000,
        timeout=2.0,
        max_idle=600,
        reconnect_timeout=0,
        open=False,
        kwargs={
            "autocommit": True,
            "prepare_threshold": prepare_threshold,
            "connect_timeout": 5,
            **NOTICE_A_VANISHED_HOST,
            "options": options,
        },
    )


def create_engine(url: str, *, pool_size: int) -> AsyncEngine:
    """An engine for the calls of administration, where an ORM's comfort is worth its cost."""
    return create_async_engine(
        "postgresql+psycopg" + url[url.index("://") :],
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=2.0,
        pool_pre_ping=True,
        # What a failed statement was given may be personal or a hash of a password; errors end up in logs.
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            **NOTICE_A_VANISHED_HOST,
            "options": LIMITS,
        },
    )
