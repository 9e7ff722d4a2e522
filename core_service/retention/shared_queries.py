"""The two forms that statements which delete old rows have. Each deletes a bounded number that an index finds."""


def by_age(table: str, *, key: str, old: str, order: str) -> str:
    """Deletes the oldest rows of all accounts together. `key` are the columns of the primary key, `old` is the
    condition, `order` the column whose index has the oldest first."""
    return f"""
DELETE FROM {table} WHERE ({key}) IN (
    SELECT {key} FROM {table} WHERE {old} ORDER BY {order} LIMIT %(limit)s
)
"""


def by_account_and_age(table: str, *, key: str, old: str, order: str) -> str:
    """Deletes the oldest rows of each account, for tables whose index begins with the account. See `by_age`."""
    return f"""
DELETE FROM {table} WHERE ({key}) IN (
    SELECT old.*
    FROM accounts CROSS JOIN LATERAL (
        SELECT {key} FROM {table}
        WHERE account_id = accounts.id AND {old}
        ORDER BY {order}
        LIMIT %(limit)s
    ) old
    LIMIT %(limit)s
)
"""
