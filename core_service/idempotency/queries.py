"""The SQL of idempotent requests."""

CLAIM = """
INSERT INTO idempotent_requests AS r (
    principal_id, key_hash, fingerprint, resource_id, locked_until, answer, created_at
)
VALUES (
    %(principal_id)s, %(key_hash)s, %(fingerprint)s, %(resource_id)s, now() + %(lease)s * interval '1 second', NULL,
    now()
)
ON CONFLICT (principal_id, key_hash) DO UPDATE
SET fingerprint = EXCLUDED.fingerprint,
    -- A request that was begun goes on with the identifier that it had.
    resource_id = CASE
        WHEN r.created_at <= now() - interval '24 hours' THEN EXCLUDED.resource_id ELSE r.resource_id
    END,
    created_at = CASE WHEN r.created_at <= now() - interval '24 hours' THEN now() ELSE r.created_at END,
    locked_until = EXCLUDED.locked_until,
    answer = NULL
WHERE r.created_at <= now() - interval '24 hours'
   OR r.answer IS NULL AND r.locked_until <= now() AND r.fingerprint = EXCLUDED.fingerprint
RETURNING resource_id
"""
"""Returns no row if the request is being worked on, was answered, or differs from the first one."""

READ = "SELECT fingerprint, answer FROM idempotent_requests WHERE principal_id = %s AND key_hash = %s"

COMPLETE = """
UPDATE idempotent_requests SET answer = %(answer)s
WHERE principal_id = %(principal_id)s AND key_hash = %(key_hash)s AND resource_id = %(resource_id)s
"""

FORGET = """
DELETE FROM idempotent_requests
WHERE principal_id = %(principal_id)s AND key_hash = %(key_hash)s AND resource_id = %(resource_id)s AND answer IS NULL
"""

RENEW = """
UPDATE idempotent_requests AS r SET locked_until = now() + %(lease)s * interval '1 second'
FROM unnest(%(principal_ids)s::uuid[], %(key_hashes)s::bytea[], %(resource_ids)s::uuid[])
    AS working(principal_id, key_hash, resource_id)
WHERE r.principal_id = working.principal_id AND r.key_hash = working.key_hash
  AND r.resource_id = working.resource_id AND r.answer IS NULL
"""

RELEASE = """
UPDATE idempotent_requests SET locked_until = now()
WHERE principal_id = %(principal_id)s AND key_hash = %(key_hash)s AND resource_id = %(resource_id)s AND answer IS NULL
"""
