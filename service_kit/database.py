"""Connections to PostgreSQL: one pool for explicit SQL, one SQLAlchemy engine for administration."""

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


def create_pool(url: str, *, max_size: int, synchronous_commit: bool = True) -> Pool:
    """A closed pool of autocommit connections: on the hot paths one statement is one transaction.

    Without `synchronous_commit`, a crash of PostgreSQL itself may forget the last fraction of a second.

    The planner is told to shun sequential scans: a plan prepared while a table was empty must not be kept after it
    has grown.

    A caller waits at most 2 seconds for a connection, and at most 2,000 callers wait; beyond that the answer is
    UNAVAILABLE rather than a growing queue. Every statement is cut off after 10 seconds.
    """
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
            "prepare_threshold": 1,
            "connect_timeout": 5,
            **NOTICE_A_VANISHED_HOST,
            "options": "-c statement_timeout=10s -c idle_in_transaction_session_timeout=15s -c enable_seqscan=off"
            + ("" if synchronous_commit else " -c synchronous_commit=off"),
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
            "options": "-c statement_timeout=10s -c idle_in_transaction_session_timeout=15s",
        },
    )
