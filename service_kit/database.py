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
"""libpq's parameters, in seconds and milliseconds. Without them a statement to a host that has vanished would wait for
a quarter of an hour or more."""

Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]

DATABASE_AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    # The connection is to a server that has become a replica in a failover.
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg_pool.PoolTimeout,
    psycopg_pool.PoolClosed,
    psycopg_pool.TooManyRequests,
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.TimeoutError,
)
"""Exceptions that mean that the database cannot be reached."""

LIMITS = "-c statement_timeout=10s -c idle_in_transaction_session_timeout=15s"


def create_request_pool(url: str, *, max_size: int) -> Pool:
    """A pool, not opened yet, for the few statements that every request makes, each its own transaction.

    They are prepared and planned once, because planning took as long as running them. A plan from when a table was
    empty is kept after the table has grown, so sequential scans are disabled. Statements that join a list with a large
    table do not belong here.
    """
    options = f"{LIMITS} -c enable_seqscan=off -c plan_cache_mode=force_generic_plan"
    return _create_pool(url, max_size=max_size, prepare_threshold=1, options=options)


def create_batch_pool(url: str, *, max_size: int) -> Pool:
    """A pool, not opened yet, for statements that work on many rows at once, each its own transaction. Their last
    results may be lost if PostgreSQL itself crashes.

    They are planned at each execution, for the actual sizes of tables and lists: a plan for small ones would compare
    every row with every other.
    """
    options = f"{LIMITS} -c enable_seqscan=off -c plan_cache_mode=force_custom_plan -c synchronous_commit=off"
    return _create_pool(url, max_size=max_size, prepare_threshold=None, options=options)


def _create_pool(url: str, *, max_size: int, prepare_threshold: int | None, options: str) -> Pool:
    """A pool for which a caller waits at most 2 seconds, and at most 2,000 callers wait; beyond that the answer is
    UNAVAILABLE, so that the queue does not grow. Every statement is cancelled after 10 seconds."""
    return AsyncConnectionPool(
        url,
        # At rest one at a time is enough, and each is a process of PostgreSQL's of 4 MB.
        min_size=1,
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
    """An engine for the calls of administration, where the convenience of an ORM is worth its cost."""
    return create_async_engine(
        "postgresql+psycopg" + url[url.index("://") :],
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=2.0,
        pool_pre_ping=True,
        # Parameters of a failed statement may be personal data or a hash of a password, and errors are logged.
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            **NOTICE_A_VANISHED_HOST,
            "options": LIMITS,
        },
    )
