"""The SQL that deletes old rows of the request log, in the same way as `queries.py`."""

from core_service.retention.shared_queries import by_account_and_age, by_age

REQUESTS = by_account_and_age("requests", key="account_id, id", old="id < %(request_log)s", order="id")

_ACCOUNTS_WITH_REQUESTS = """
    WITH RECURSIVE found AS (
        (SELECT account_id FROM {table} ORDER BY account_id LIMIT 1)
        UNION ALL
        SELECT (SELECT t.account_id FROM {table} t WHERE t.account_id > found.account_id ORDER BY t.account_id LIMIT 1)
        FROM found WHERE found.account_id IS NOT NULL
    )
    SELECT account_id FROM found
    WHERE account_id IS NOT NULL AND NOT EXISTS (SELECT FROM accounts a WHERE a.id = found.account_id)"""
"""Accounts that are gone and have rows. It walks from account to account, not from row to row."""


def _of_gone_accounts(table: str, key: str) -> str:
    """Deletes what accounts have left behind: a row for every request has no foreign key, which would cost as much as
    the row."""
    return f"""
DELETE FROM {table} WHERE (account_id, {key}) IN (
    SELECT old.account_id, old.{key}
    FROM ({_ACCOUNTS_WITH_REQUESTS.format(table=table)}) gone CROSS JOIN LATERAL (
        SELECT account_id, {key} FROM {table} WHERE account_id = gone.account_id LIMIT %(limit)s
    ) old
    LIMIT %(limit)s
)
"""


REQUESTS_OF_GONE_ACCOUNTS = _of_gone_accounts("requests", "id")
REQUEST_GAPS_OF_GONE_ACCOUNTS = _of_gone_accounts("request_gaps", "minute")

REQUEST_GAPS = by_account_and_age(
    "request_gaps", key="account_id, minute", old="minute < %(request_log_before)s", order="minute"
)

REQUEST_DAYS = """
DELETE FROM request_days WHERE (account_id, day) IN (
    SELECT account_id, day FROM request_days WHERE day < (now() AT TIME ZONE 'UTC')::date - 1 LIMIT %(limit)s
)
"""
"""One or two rows of each account: yesterday's are kept for a core whose clock is late."""

REQUEST_BATCHES = by_age("request_batches", key="id", old="taken_at < now() - interval '1 hour'", order="taken_at")
"""A gateway repeats a batch within seconds, or not at all."""

REFUSED_STRANGERS = by_age(
    "refused_strangers", key="minute, address, status", old="minute < now() - interval '7 days'", order="minute"
)

OF_REQUESTS = (
    REQUESTS,
    REQUESTS_OF_GONE_ACCOUNTS,
    REQUEST_GAPS,
    REQUEST_GAPS_OF_GONE_ACCOUNTS,
    REQUEST_DAYS,
    REQUEST_BATCHES,
    REFUSED_STRANGERS,
)
