"""The SQL that tells how much is owed and since when. Each walks an index of what is owed, and only so far."""

from core_service.work_queue.round_queries import owing


def _count(table: str, is_owed: str) -> str:
    return f"SELECT count(*) FROM (SELECT FROM {table} WHERE {is_owed} LIMIT %(most)s) owed"


def _oldest(table: str, *, moment: str, is_owed: str, now: str) -> str:
    """How many accounts were visited, the last of them, and for how many seconds the oldest of their work has been
    due."""
    return f"""
WITH RECURSIVE {owing(table, moment=moment, is_owed=is_owed, now=now)}
SELECT walk.visited, walk.last, (SELECT EXTRACT(EPOCH FROM {now} - min(at))::float8 FROM owing) FROM walk
"""


COUNT_NOTIFICATIONS = _count("deliveries", "state = 'due'")
COUNT_LIVE_ACTIVITIES = _count("live_activity_devices", "next_at IS NOT NULL")
COUNT_WEBHOOKS = _count("action_runs", "state = 'running'")

OLDEST_NOTIFICATION = _oldest("deliveries", moment="due_at", is_owed="state = 'due'", now="now()")
OLDEST_LIVE_ACTIVITY = _oldest(
    "live_activity_devices", moment="next_at", is_owed="next_at IS NOT NULL", now="%(now)s::timestamptz"
)
OLDEST_WEBHOOK = """
SELECT 1, NULL::uuid, EXTRACT(EPOCH FROM now() - (
    SELECT due_at FROM action_runs WHERE state = 'running' ORDER BY due_at LIMIT 1
))::float8
"""
"""Runs are not claimed by account, so that one step finds the oldest."""
