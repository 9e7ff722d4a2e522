"""How an export reads Live Activities and what belongs to them: those that were running, then those that were over."""

from typing import LiteralString

from core_service.account_data.export_reading_queries import Read

RUNNING: LiteralString = """
    SELECT * FROM live_activities
    WHERE account_id = %(account_id)s AND (ended_at IS NULL OR ended_at >= %(began)s) AND created_at < %(began)s
"""
"""Activities that were running when the export began: a bounded number, and the same on every page."""

OVER: LiteralString = """
    SELECT * FROM live_activities
    WHERE account_id = %(account_id)s AND ended_at < %(began)s AND (ended_at, id) {reached} (%(k0)s, %(k1)s)
"""
"""Those that were over by then."""

ACTIVITY: LiteralString = """
    'id', a.id, 'stream_key', a.stream_key, 'started_by', a.started_by, 'replaces', a.replaces,
    'channels', a.channel_slugs, 'version', a.version, 'content_state', a.content_state::json, 'tags', a.tags,
    'metadata', a.metadata::json, 'alert', a.alert::json, 'updates', a.updates, 'created_at', a.created_at,
    'updated_at', a.updated_at, 'expires_at', a.expires_at, 'ended_at', a.ended_at, 'dismiss_at', a.dismiss_at
"""


def activities() -> tuple[Read, Read]:
    running: LiteralString = f"""
    SELECT a.id, json_build_object({ACTIVITY})::text FROM ({RUNNING}) a
    WHERE a.id > %(k0)s ORDER BY a.id LIMIT %(limit)s
    """
    over: LiteralString = f"""
    SELECT a.ended_at, a.id, json_build_object({ACTIVITY})::text FROM ({OVER.format(reached=">")}) a
    ORDER BY a.ended_at, a.id LIMIT %(limit)s
    """
    return Read(running, ("",)), Read(over, ("-infinity", ""))


def of_activities(table: LiteralString, key: LiteralString, first: object, columns: LiteralString) -> tuple[Read, Read]:
    """Rows of a table that belong to activities, by a key within each."""
    rows: LiteralString = f"""
        SELECT t.{key}, json_build_object({columns})::text AS line FROM {table} t
        WHERE t.activity_id = a.id AND {{after}}
        ORDER BY t.{key} LIMIT %(limit)s
    """
    running: LiteralString = f"""
    SELECT a.id, t.{key}, t.line
    FROM ({RUNNING} AND id >= %(k0)s) a
    CROSS JOIN LATERAL ({rows.format(after=f"(a.id > %(k0)s OR t.{key} > %(k1)s)")}) t
    ORDER BY a.id, t.{key} LIMIT %(limit)s
    """
    over: LiteralString = f"""
    SELECT a.ended_at, a.id, t.{key}, t.line
    FROM ({OVER.format(reached=">=")}) a
    CROSS JOIN LATERAL ({rows.format(after=f"((a.ended_at, a.id) > (%(k0)s, %(k1)s) OR t.{key} > %(k2)s)")}) t
    ORDER BY a.ended_at, a.id, t.{key} LIMIT %(limit)s
    """
    return Read(running, ("", first)), Read(over, ("-infinity", "", first))
