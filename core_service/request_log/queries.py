"""The SQL of the request log."""

TAKE = """
WITH taken AS (
    INSERT INTO request_batches (id, taken_at) VALUES (%(batch_id)s, now()) ON CONFLICT DO NOTHING RETURNING id
), holder AS MATERIALIZED (
    SELECT c.place::int - 1 AS place, found.*
    FROM unnest(%(callers)s::bytea[]) WITH ORDINALITY AS c(secret_hash, place) CROSS JOIN LATERAL (
        SELECT account_id, 'api_key' AS caller, id AS caller_id FROM api_keys WHERE secret_hash = c.secret_hash
        UNION ALL
        SELECT account_id, 'user', user_id FROM sessions WHERE secret_hash = c.secret_hash
        UNION ALL
        SELECT account_id, 'device', id FROM devices WHERE secret_hash = c.secret_hash
    ) found
    WHERE EXISTS (SELECT FROM taken)
), given AS MATERIALIZED (
    SELECT r.id, r.route, r.address, r.status, r.latency_ms, r.subject, r.row, h.account_id, h.caller, h.caller_id,
           row_number() OVER (PARTITION BY h.account_id) AS place_in_account
    FROM unnest(
        %(ids)s::uuid[], %(caller)s::int[], %(route)s::int[], %(address)s::int[], %(status)s::smallint[],
        %(latency)s::int[], %(subject)s::text[]
    ) WITH ORDINALITY AS r(id, place, route, address, status, latency_ms, subject, row)
    LEFT JOIN holder h USING (place)
    WHERE EXISTS (SELECT FROM taken)
), counted AS (
    SELECT account_id, count(*) AS requests FROM given WHERE account_id IS NOT NULL GROUP BY account_id
), today AS (
    INSERT INTO request_days AS d (account_id, day, requests)
    SELECT account_id, (now() AT TIME ZONE 'UTC')::date, requests FROM counted ORDER BY account_id
    ON CONFLICT (account_id, day) DO UPDATE SET requests = d.requests + EXCLUDED.requests
    RETURNING account_id, requests
), room AS (
    SELECT account_id, %(per_day)s - (today.requests - counted.requests) AS requests
    FROM today JOIN counted USING (account_id)
), kept AS (
    INSERT INTO requests (
        account_id, id, request_id, route, path, status, latency_ms, caller, caller_id, client_address, subject, reason,
        error, message, field, ignored_fields, body
    )
    SELECT g.account_id, g.id, m.request_id, (%(routes)s::text[])[g.route + 1], m.path, g.status, g.latency_ms,
           g.caller, g.caller_id, NULLIF((%(addresses)s::text[])[g.address + 1], ''), NULLIF(g.subject, ''), m.reason,
           m.error, m.message, m.field, m.ignored_fields, m.body
    FROM given g
    JOIN room ON room.account_id = g.account_id AND g.place_in_account <= room.requests
    LEFT JOIN unnest(
        %(rows)s::int[], %(request_ids)s::text[], %(paths)s::text[], %(reasons)s::text[], %(errors)s::text[],
        %(messages)s::text[], %(fields)s::text[], %(ignored)s::text[], %(bodies)s::text[]
    ) AS m(row, request_id, path, reason, error, message, field, ignored_fields, body) ON m.row + 1 = g.row
), missing AS (
    SELECT account_id, date_trunc('minute', now()) AS minute, counted.requests - GREATEST(room.requests, 0) AS requests
    FROM counted JOIN room USING (account_id)
    WHERE counted.requests > room.requests
    UNION ALL
    SELECT h.account_id, m.minute, m.requests
    FROM unnest(%(missing_callers)s::int[], %(missing_minutes)s::timestamptz[], %(missing_counts)s::bigint[])
        AS m(place, minute, requests) JOIN holder h USING (place)
), gaps AS (
    INSERT INTO request_gaps AS g (account_id, minute, requests)
    SELECT account_id, minute, sum(requests) FROM missing GROUP BY account_id, minute ORDER BY account_id, minute
    ON CONFLICT (account_id, minute) DO UPDATE SET requests = g.requests + EXCLUDED.requests
), refused AS (
    SELECT minute, address, status, sum(requests) AS requests
    FROM (
        SELECT date_trunc('minute', now()), (%(addresses)s::text[])[address + 1], status, 1
        FROM given WHERE account_id IS NULL AND status >= 400
        UNION ALL
        SELECT * FROM unnest(
            %(stranger_minutes)s::timestamptz[], %(stranger_addresses)s::text[], %(stranger_statuses)s::smallint[],
            %(stranger_counts)s::bigint[]
        )
        WHERE EXISTS (SELECT FROM taken)
    ) AS one(minute, address, status, requests)
    GROUP BY minute, address, status
), told_apart AS (
    SELECT r.*, k.requests IS NOT NULL OR row_number() OVER (
               PARTITION BY r.minute, k.requests IS NULL ORDER BY r.requests DESC, r.address, r.status
           ) + (SELECT count(*) FROM refused_strangers o WHERE o.minute = r.minute) <= %(most_strangers)s AS is_told
    FROM refused r LEFT JOIN refused_strangers k USING (minute, address, status)
)
INSERT INTO refused_strangers AS s (minute, address, status, requests)
SELECT minute, CASE WHEN is_told THEN address ELSE '' END, status, sum(requests)
FROM told_apart
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
ON CONFLICT (minute, address, status) DO UPDATE SET requests = s.requests + EXCLUDED.requests
"""
"""Takes a batch, if it was not taken before. Rows of accounts are written in one order, so that two cores cannot
deadlock. Revoked keys are keys of their accounts."""

COLUMNS = """
    r.id, r.request_id, r.route, r.path, r.status, r.latency_ms, r.caller, r.caller_id, r.client_address, r.reason,
    r.error, r.message, r.field, r.ignored_fields, r.subject"""
"""In the order of `Request` in service.py, which has three columns after them."""

CALLERS = """
LEFT JOIN api_keys k ON r.caller = 'api_key' AND k.id = r.caller_id
LEFT JOIN users u ON r.caller = 'user' AND u.id = r.caller_id
LEFT JOIN devices v ON r.caller = 'device' AND v.id = r.caller_id"""
NAMES = "COALESCE(k.name, u.email, v.name), k.revoked_at IS NOT NULL"

BY = {
    "account": """
    SELECT * FROM requests r
    WHERE r.account_id = %(account_id)s AND r.id < %(before)s AND r.id >= %(since)s
    ORDER BY r.account_id DESC, r.id DESC
    LIMIT %(examined)s""",
    "subject": """
    SELECT * FROM requests r
    WHERE (r.subject, r.id) < (%(subject)s, %(before)s) AND (r.subject, r.id) >= (%(subject)s, %(since)s)
      AND r.account_id = %(account_id)s
    ORDER BY r.subject DESC, r.id DESC
    LIMIT %(examined)s""",
    "request_id": """
    SELECT * FROM (
        SELECT * FROM requests o
        WHERE o.account_id = %(account_id)s AND o.id = %(own_id)s
        UNION
        (SELECT * FROM requests c
         WHERE c.account_id = %(account_id)s AND c.request_id = %(request_id)s
         ORDER BY c.id DESC LIMIT %(examined)s)
    ) r
    WHERE r.id < %(before)s AND r.id >= %(since)s
    ORDER BY r.id DESC
    LIMIT %(examined)s""",
}
"""What an index finds."""


def list_requests(by: str) -> str:
    """The newest before an id, chosen by one of `BY`. All else is looked for among as many of them as `examined` says,
    so that a page costs the same however rare it is.

    Each row is preceded by how many were examined and the last of them.
    """
    return f"""
WITH examined AS MATERIALIZED ({BY[by]}
), chosen AS (
    SELECT * FROM examined e
    WHERE (%(status_class)s::int IS NULL OR e.status / 100 = %(status_class)s)
      AND (%(status)s::int IS NULL OR e.status = %(status)s)
      AND (%(api_key_id)s::uuid IS NULL OR (e.caller = 'api_key' AND e.caller_id = %(api_key_id)s))
      AND (
          %(path)s::text IS NULL OR strpos(lower(e.route), lower(%(path)s)) > 0
          OR strpos(lower(e.path), lower(%(path)s)) > 0
      )
      AND (%(subject)s::text IS NULL OR e.subject = %(subject)s)
    ORDER BY e.id DESC
    LIMIT %(limit)s
)
SELECT scan.count, scan.last, {COLUMNS}, {NAMES}, NULL::text
FROM (SELECT count(*), (array_agg(id ORDER BY id))[1] AS last FROM examined) scan
LEFT JOIN chosen r ON true {CALLERS}
ORDER BY r.id DESC
"""


FIND = f"""
SELECT 1, r.id, {COLUMNS}, {NAMES}, r.body
FROM ({BY["request_id"]}
) r {CALLERS}
LIMIT 1
"""

GAPS = """
SELECT minute, requests FROM request_gaps
WHERE account_id = %(account_id)s AND minute >= date_trunc('minute', %(since)s::timestamptz)
  AND minute < %(until)s::timestamptz
ORDER BY account_id DESC, minute DESC
LIMIT 100
"""
