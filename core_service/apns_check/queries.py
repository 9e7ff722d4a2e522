"""The SQL of checking credentials."""

FIND_LINES = """
SELECT environment, bundle_id
FROM devices
WHERE account_id = %(account_id)s AND environment IS NOT NULL
GROUP BY environment, bundle_id
ORDER BY count(*) DESC, environment, bundle_id NULLS FIRST
LIMIT %(most)s
"""
"""Environments and apps that the account has phones of, those with most phones first. One walk through its devices."""
