"""How an export reads tables: a page at a time, in the order of their keys."""

import uuid
from dataclasses import dataclass
from typing import Any, LiteralString

FIRST_ID = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class Read:
    """A query that reads rows in the order of their keys, which come first in a row; the row's JSON text is last.

    Its parameters are `account_id`, `limit`, the keys of the row before (`k0`, `k1`, …), and what bounds the export:
    `began` (when it began), `until` (the lowest id of that time).
    """

    query: LiteralString
    first: tuple[Any, ...]
    """The keys before those of every row."""


def of_account(table: LiteralString, columns: LiteralString, *, until: bool = False) -> Read:
    """Rows of a table with an index by account and id, or with few rows."""
    bound: LiteralString = " AND t.id < %(until)s" if until else ""
    query: LiteralString = f"""
    SELECT t.id, json_build_object({columns})::text FROM {table} t
    WHERE t.account_id = %(account_id)s AND t.id > %(k0)s{bound}
    ORDER BY t.id LIMIT %(limit)s
    """
    return Read(query, (FIRST_ID,))


def of_notifications(table: LiteralString, key: LiteralString, columns: LiteralString) -> Read:
    """Rows of a table that belong to notifications, by a key within each."""
    query: LiteralString = f"""
    SELECT n.id, t.{key}, t.line
    FROM (
        SELECT id FROM notifications
        WHERE account_id = %(account_id)s AND id >= %(k0)s AND id < %(until)s
        ORDER BY id
    ) n CROSS JOIN LATERAL (
        SELECT t.{key}, json_build_object({columns})::text AS line FROM {table} t
        WHERE t.notification_id = n.id AND (n.id > %(k0)s OR t.{key} > %(k1)s)
        ORDER BY t.{key} LIMIT %(limit)s
    ) t
    ORDER BY n.id, t.{key} LIMIT %(limit)s
    """
    return Read(query, (FIRST_ID, FIRST_ID))
