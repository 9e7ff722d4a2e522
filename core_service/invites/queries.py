"""The SQL of the mails of invites: the claims of what is due, the secrets in them, what became of them."""

CLAIM = """
WITH candidate AS (
    SELECT id, row_number() OVER (PARTITION BY account_id ORDER BY mail_due_at) AS place
    FROM (
        SELECT id, account_id, mail_due_at
        FROM invites
        WHERE mail_state = 'queued' AND mail_due_at <= now()
        ORDER BY mail_due_at
        LIMIT 500
    ) oldest
), due AS (
    SELECT i.id
    FROM invites i JOIN candidate ON candidate.id = i.id
    WHERE i.mail_state = 'queued' AND i.mail_due_at <= now()
    ORDER BY candidate.place, i.mail_due_at
    LIMIT %(limit)s
    FOR UPDATE OF i SKIP LOCKED
), claimed AS (
    UPDATE invites i
    SET mail_due_at = now() + %(lease)s * interval '1 second'
    FROM due
    WHERE i.id = due.id
    RETURNING i.id, i.mail_id, i.account_id, i.email, i.invited_by, i.expires_at, i.mail_attempts, i.mail_queued_at
)
SELECT c.id, c.mail_id, c.account_id, c.email, a.name, COALESCE(u.name, ''), c.expires_at, c.mail_attempts,
       now() - c.mail_queued_at, c.expires_at <= now()
FROM claimed c JOIN accounts a ON a.id = c.account_id LEFT JOIN users u ON u.id = c.invited_by
"""
"""Accounts take turns, so that nobody's one invite waits behind another's hundred."""

ADD_TOKENS = """
INSERT INTO invite_tokens (token_hash, invite_id, created_at, expires_at)
SELECT t.token_hash, i.id, clock_timestamp(), i.expires_at
FROM unnest(%(token_hashes)s::bytea[], %(invite_ids)s::uuid[]) AS t(token_hash, invite_id)
JOIN invites i ON i.id = t.invite_id
"""

DROP_TOKENS = """
DELETE FROM invite_tokens WHERE token_hash IN (
    SELECT token_hash
    FROM unnest(%(invite_ids)s::uuid[]) AS i(id) CROSS JOIN LATERAL (
        SELECT token_hash FROM invite_tokens WHERE invite_id = i.id ORDER BY created_at DESC OFFSET %(kept)s
    ) oldest
)
"""

SETTLE = """
UPDATE invites i
SET mail_state = s.state, mail_attempts = s.attempts, mail_due_at = now() + s.wait * interval '1 second',
    mail_reason = s.reason, mail_message = s.message,
    mail_sent_at = CASE WHEN s.state = 'sent' THEN now() ELSE i.mail_sent_at END
FROM unnest(
    %(ids)s::uuid[], %(mail_ids)s::uuid[], %(states)s::text[], %(attempts)s::int[], %(waits)s::float8[],
    %(reasons)s::text[], %(messages)s::text[]
) AS s(id, mail_id, state, attempts, wait, reason, message)
WHERE i.id = s.id AND i.mail_id = s.mail_id AND i.mail_state = 'queued'
"""
"""Nothing is said of a mail that another was asked for after."""

RELEASE = """
UPDATE invites SET mail_due_at = now() WHERE id IN (
    SELECT id FROM invites
    WHERE mail_state = 'queued' AND mail_due_at > now() + %(longest)s * interval '1 second'
    ORDER BY mail_due_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
"""
"""Looks at once at what waits for longer than any wait lasts."""
