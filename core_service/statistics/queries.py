"""The SQL of an account's overview. The past is read from hourly counts, the present from what is owed."""

ADD = """
WITH living AS MATERIALIZED (
    -- One that is just being deleted is waited for, and then is not there: it must not have all the others fail.
    SELECT id FROM accounts WHERE id = ANY(%(accounts)s::uuid[]) ORDER BY id FOR KEY SHARE
)
INSERT INTO hourly_counts AS h (account_id, hour, counted, latency_class, count)
SELECT c.account_id, c.hour, c.counted, c.latency_class, c.count
FROM unnest(
    %(account_ids)s::uuid[], %(hours)s::timestamptz[], %(counted)s::text[], %(latency_classes)s::smallint[],
    %(counts)s::bigint[]
) AS c(account_id, hour, counted, latency_class, count) JOIN living ON living.id = c.account_id
ORDER BY c.account_id, c.hour, c.counted, c.latency_class
ON CONFLICT (account_id, hour, counted, latency_class) DO UPDATE SET count = h.count + EXCLUDED.count
"""
"""In one order, so that two cores cannot deadlock."""

READ = """
SELECT floor(EXTRACT(EPOCH FROM hour - %(start)s) / %(step)s)::int, counted, latency_class, sum(count)::bigint
FROM hourly_counts
WHERE account_id = %(account_id)s AND hour >= %(start)s
GROUP BY 1, 2, 3
"""
"""One row for each step since the start."""

OWED = """
SELECT (SELECT count(*)::int FROM (
           SELECT FROM deliveries WHERE account_id = %(account_id)s AND state = 'due' LIMIT %(most)s
       ) d),
       (SELECT count(*)::int FROM (
           SELECT FROM live_activity_devices WHERE account_id = %(account_id)s AND next_at IS NOT NULL LIMIT %(most)s
       ) p)
"""

DEVICES = """
SELECT count(*)::int, (count(*) FILTER (WHERE push_token_dead_reason IS NOT NULL))::int,
       (count(*) FILTER (WHERE push_to_start_token_dead_reason IS NOT NULL))::int,
       (count(*) FILTER (WHERE push_token IS NULL OR push_token_dead_reason IS NOT NULL))::int
FROM devices
WHERE account_id = %(account_id)s
"""

FIRST_STEPS = """
SELECT a.max_live_activities,
       EXISTS (SELECT FROM api_keys k WHERE k.account_id = a.id AND k.revoked_at IS NULL),
       EXISTS (SELECT FROM notifications n WHERE n.account_id = a.id)
       OR EXISTS (SELECT FROM live_activities l WHERE l.account_id = a.id),
       EXISTS (SELECT FROM live_activities l WHERE l.account_id = a.id),
       EXISTS (SELECT FROM members m WHERE m.account_id = a.id OFFSET 1),
       EXISTS (SELECT FROM backup_records b WHERE b.kind = 'backup')
FROM accounts a
WHERE a.id = %(account_id)s
"""
