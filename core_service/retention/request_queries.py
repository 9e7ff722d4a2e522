"""The SQL that deletes old rows of the request log, in the same way as `queries.py`."""

REQUESTS = """
DELETE FROM requests WHERE (account_id, id) IN (
    SELECT old.account_id, old.id
    FROM accounts CROSS JOIN LATERAL (
        SELECT account_id, id FROM requests
        WHERE account_id = accounts.id AND id < %(request_log)s
        ORDER BY id
        LIMIT %(limit)s
    ) old
    LIMIT %(limit)s
)
"""

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


REQUESTS_OF_NOBODY = _of_gone_accounts("requests", "id")
REQUEST_GAPS_OF_NOBODY = _of_gone_accounts("request_gaps", "minute")

REQUEST_GAPS = """
DELETE FROM request_gaps WHERE (account_id, minute) IN (
    SELECT old.account_id, old.minute
    FROM accounts CROSS JOIN LATERAL (
        SELECT account_id, minute FROM request_gaps
        WHERE account_id = accounts.id AND minute < %(request_log_before)s
        ORDER BY minute
        LIMIT %(limit)s
    ) old
    LIMIT %(limit)s
)
"""

REQUEST_DAYS = """
DELETE FROM request_days WHERE (account_id, day) IN (
    SELECT account_id, day FROM request_days WHERE day < (now() AT TIME ZONE 'UTC')::date - 1 LIMIT %(limit)s
)
"""
"""One or two rows of each account: yesterday's are kept for a core whose clock is late."""

REQUEST_BATCHES = """
DELETE FROM request_batches WHERE id IN (
    SELECT id FROM request_batches WHERE taken_at < now() - interval '1 hour' ORDER BY taken_at LIMIT %(limit)s
)
"""
"""A gateway repeats a batch within seconds, or not at all."""

REFUSED_STRANGERS = """
DELETE FROM refused_strangers WHERE (minute, address, status) IN (
    SELECT minute, address, status FROM refused_strangers
    WHERE minute < now() - interval '7 days'
    ORDER BY minute
    LIMIT %(limit)s
)
"""

OF_REQUESTS = (
    REQUESTS,
    REQUESTS_OF_NOBODY,
    REQUEST_GAPS,
    REQUEST_GAPS_OF_NOBODY,
    REQUEST_DAYS,
    REQUEST_BATCHES,
    REFUSED_STRANGERS,
)
