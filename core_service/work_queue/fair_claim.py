"""The fair claim: each claim takes some work of every account, so that no account waits behind another's backlog.

An account's work is claimed in the order in which it is due. There are two forms of the SQL, for two kinds of tables:
`walk_accounts`, for the large ones that have an index by account, and `due_of_oldest` for the small ones.
"""

import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

from core_service.work_queue.queue import Queue

MAX_ACCOUNTS = 250
"""Accounts that one claim visits. The next claim continues after the last of them."""
OLDEST = 1000
"""How many rows of a small table take part in a claim: those that have been due longest."""

START = uuid.UUID(int=0)
"""Before every account."""


class Round:
    """How far this process's claims have come among the accounts of a large table."""

    def __init__(self) -> None:
        self._after = START
        self._left_some = False
        """Whether an account used up its share in this round, so that more may be due."""

    def parameters(self, limit: int) -> dict[str, Any]:
        """The parameters of `walk_accounts` for up to about `limit` rows."""
        return {"after": self._after, "accounts": MAX_ACCOUNTS, "limit": limit}

    def read(self, found: Sequence[tuple[Any, ...]]) -> tuple[list[tuple[Any, ...]], bool]:
        """Returns the claimed rows, and whether more may be due: of an account that used up its share, or of the
        accounts after it.

        Each row must begin with `visited`, `last`, `share` and its account, which is null if nothing was claimed. These
        columns are removed.
        """
        visited, last, share, *_ = found[0]
        claimed = [row for row in found if row[3] is not None]
        most = max(Counter(row[3] for row in claimed).values(), default=0)
        more = self._left_some or most >= share
        self._after = last if visited >= MAX_ACCOUNTS else START
        is_complete = self._after == START
        self._left_some = more and not is_complete
        return [row[4:] for row in claimed], more or not is_complete


def walk_accounts(queue: Queue) -> str:
    """The CTEs, after `WITH RECURSIVE`, that choose accounts from a table with an index by account.

    `owing` has an account in each row, and `at`, when its first work is due. It takes one step in the index for each
    account, no matter how much that account is owed. `walk` has one row: how many accounts there are (`visited`), the
    `last` of them, and how many rows each may claim (`share`) for `%(limit)s` rows in all. The statement around it must
    state the limit again, because the planner cannot know it.
    """
    first = f"""SELECT account_id, {queue.moment} AS at FROM {queue.table}
        WHERE {queue.is_owed} AND account_id > {{after}}
        ORDER BY account_id, {queue.moment} LIMIT 1"""
    return f"""
owing AS (
    SELECT account_id, at, 1 AS place FROM (
        {first.format(after="%(after)s")}
    ) first
    UNION ALL
    SELECT next.account_id, next.at, owing.place + 1
    FROM owing CROSS JOIN LATERAL (
        {first.format(after="owing.account_id")}
    ) next
    WHERE owing.place < %(accounts)s
), walk AS (
    SELECT count(*) AS visited, (array_agg(account_id ORDER BY place DESC))[1] AS last,
           GREATEST(%(limit)s / NULLIF(count(*) FILTER (WHERE at <= {queue.now}), 0), 1) AS share
    FROM owing
)"""


def due_of_oldest(queue: Queue, *, only: str = "true") -> str:
    """The CTEs, after `WITH`, that lock due rows of a small table: each account's first row before any account's
    second.

    `due` has their primary keys: at most `%(limit)s`, at most `%(share)s` of one account, and none of the accounts in
    `%(busy)s`. `only` is a further condition, in which the table is called `q`.
    """
    due = f"{queue.is_owed} AND q.{queue.moment} <= {queue.now} AND {only}"
    return f"""
candidate AS (
    SELECT {queue.key}, row_number() OVER (PARTITION BY account_id ORDER BY {queue.moment}) AS place
    FROM (
        SELECT q.{queue.key}, q.account_id, q.{queue.moment}
        FROM {queue.table} q
        WHERE {due} AND (q.account_id IS NULL OR q.account_id <> ALL(%(busy)s::uuid[]))
        ORDER BY q.{queue.moment}
        LIMIT {OLDEST}
    ) oldest
), due AS (
    SELECT q.{queue.key}
    FROM {queue.table} q JOIN candidate ON candidate.{queue.key} = q.{queue.key}
    WHERE {due} AND candidate.place <= %(share)s
    ORDER BY candidate.place, q.{queue.moment}
    LIMIT %(limit)s
    FOR UPDATE OF q SKIP LOCKED
)"""
