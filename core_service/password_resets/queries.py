"""The SQL of mails about passwords: the claims of what is due, the secrets in them, what became of them."""

DROP_UNKNOWN = """
DELETE FROM mails WHERE id IN (
    SELECT id FROM mails m
    WHERE state = 'queued' AND due_at <= now()
      AND NOT EXISTS (SELECT FROM users u JOIN members b ON b.user_id = u.id WHERE u.email = m.email)
    ORDER BY due_at
    LIMIT 500
    FOR UPDATE SKIP LOCKED
)
"""
"""Deletes requests for addresses with which no person signs in."""

CLAIM = """
WITH due AS (
    SELECT id FROM mails m
    WHERE state = 'queued' AND due_at <= now()
      AND EXISTS (SELECT FROM users u JOIN members b ON b.user_id = u.id WHERE u.email = m.email)
    ORDER BY due_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE mails m SET due_at = now() + %(lease)s * interval '1 second'
    FROM due
    WHERE m.id = due.id
    RETURNING m.*
)
SELECT c.id, c.kind, c.account_id, c.email, u.id, COALESCE(a.name, ''), COALESCE(r.name, ''), c.queued_at,
       now() + %(lifetime)s, c.attempts, now() - c.queued_at, c.expires_at <= now()
FROM claimed c JOIN users u ON u.email = c.email
    LEFT JOIN accounts a ON a.id = c.account_id LEFT JOIN users r ON r.id = c.requested_by
"""

ADD_TOKENS = """
INSERT INTO password_reset_tokens (token_hash, user_id, created_at, expires_at)
SELECT token_hash, user_id, clock_timestamp(), now() + %(lifetime)s
FROM unnest(%(token_hashes)s::bytea[], %(user_ids)s::uuid[]) AS t(token_hash, user_id)
"""

DROP_TOKENS = """
DELETE FROM password_reset_tokens WHERE token_hash IN (
    SELECT token_hash
    FROM unnest(%(user_ids)s::uuid[]) AS u(id) CROSS JOIN LATERAL (
        SELECT token_hash FROM password_reset_tokens WHERE user_id = u.id ORDER BY created_at DESC OFFSET %(kept)s
    ) oldest
)
"""

SETTLE = """
UPDATE mails m
SET state = s.state, attempts = s.attempts, due_at = now() + s.wait * interval '1 second',
    reason = s.reason, message = s.message,
    sent_at = CASE WHEN s.state = 'sent' THEN now() ELSE m.sent_at END
FROM unnest(
    %(ids)s::uuid[], %(mail_ids)s::uuid[], %(states)s::text[], %(attempts)s::int[], %(waits)s::float8[],
    %(reasons)s::text[], %(messages)s::text[]
) AS s(id, mail_id, state, attempts, wait, reason, message)
WHERE m.id = s.id AND m.state = 'queued'
"""

RELEASE = """
UPDATE mails SET due_at = now() WHERE id IN (
    SELECT id FROM mails
    WHERE state = 'queued' AND due_at > now() + %(longest)s * interval '1 second'
    ORDER BY due_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
"""
"""Looks at once at what waits for longer than any wait lasts."""
