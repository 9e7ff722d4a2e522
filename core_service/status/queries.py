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
"""Places, from 0, of those lines that the account has a phone on."""
