"""The SQL of mails about passwords: the claims of what is due, the secrets in them, what became of them."""

from core_service.mail.outbox import LONGEST_WAIT_SECONDS
from core_service.mail.queries import settle_mails
from core_service.work_queue.fair_claim import due_of_oldest
from core_service.work_queue.queue import Queue

QUEUE = Queue(
    "mails about passwords",
    table="mails",
    key="id",
    moment="due_at",
    is_owed="state = 'queued'",
    longest_wait_seconds=LONGEST_WAIT_SECONDS,
)

KNOWN = "EXISTS (SELECT FROM users u JOIN members b ON b.user_id = u.id WHERE u.email = q.email)"
"""The condition that a person signs in with the address."""

DROP_UNKNOWN = f"""
DELETE FROM mails WHERE id IN (
    SELECT id FROM mails q
    WHERE state = 'queued' AND due_at <= now() AND NOT {KNOWN}
    ORDER BY due_at
    LIMIT 500
    FOR UPDATE SKIP LOCKED
)
"""
"""Deletes requests for addresses with which no person signs in."""

CLAIM = f"""
WITH {due_of_oldest(QUEUE, only=KNOWN)}, claimed AS (
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

SETTLE = settle_mails("mails")
