"""The SQL of the server's status."""

HAS_PHONE = """
SELECT place - 1
FROM unnest(%(environments)s::text[], %(bundle_ids)s::text[]) WITH ORDINALITY AS line(environment, bundle_id, place)
WHERE EXISTS (
    SELECT FROM devices d
    WHERE d.account_id = %(account_id)s AND d.environment = line.environment
      AND d.bundle_id IS NOT DISTINCT FROM line.bundle_id
)
"""
"""The places, from 0, of those routes on which the account has a phone."""

DEAD_TOKENS = """
SELECT count(*)::int, (count(*) FILTER (WHERE push_token_dead_reason IS NOT NULL))::int,
       COALESCE(array_agg(DISTINCT push_token_dead_reason) FILTER (WHERE push_token_dead_reason IS NOT NULL), '{}')
FROM devices
WHERE account_id = %s
"""

OLDEST_OWED = """
SELECT COALESCE(n.replaced_at, n.created_at), d.reason
FROM (
    SELECT notification_id, reason FROM deliveries
    WHERE account_id = %(account_id)s AND state = 'due'
    ORDER BY due_at
    LIMIT %(most)s
) d CROSS JOIN LATERAL (SELECT created_at, replaced_at FROM notifications n WHERE n.id = d.notification_id) n
WHERE d.reason IS NULL OR d.reason <> ALL(%(excused)s::text[])
ORDER BY 1
LIMIT 1
"""
"""When the delivery that is owed longest was accepted, or its content replaced, and why it failed last."""
