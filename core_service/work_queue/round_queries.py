"""The SQL by which claims go round the accounts."""


def owing(table: str, *, moment: str, is_owed: str, now: str) -> str:
    """The CTEs, after `WITH RECURSIVE`, that find whose turn it is.

    `moment` is the column that says when a row is due, `is_owed` the condition of the index on it by account.
    `owing` has an account in each row and `at`, the time of what it has due first: one step in that index for each
    account, however much it is owed. `walk` has one row: how many accounts those are (`visited`), the `last` of them,
    and how many rows each may have claimed (`share`) so that `%(limit)s` are claimed in all. Where
    they are put together the limit is to be said once more: the planner cannot know.
    """
    first = f"""SELECT account_id, {moment} AS at FROM {table} WHERE {is_owed} AND account_id > {{after}}
        ORDER BY account_id, {moment} LIMIT 1"""
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
           GREATEST(%(limit)s / NULLIF(count(*) FILTER (WHERE at <= {now}), 0), 1) AS share
    FROM owing
)"""
