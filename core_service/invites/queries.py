"""The SQL of the mails of invites: the claims of what is due, the secrets in them, what became of them."""

from core_service.mail.outbox import LONGEST_WAIT_SECONDS
from core_service.mail.queries import settle_mails
from core_service.work_queue.fair_claim import due_of_oldest
from core_service.work_queue.queue import Queue

QUEUE = Queue(
    "mails of invites",
    table="invites",
    key="id",
    moment="mail_due_at",
    is_owed="mail_state = 'queued'",
    longest_wait_seconds=LONGEST_WAIT_SECONDS,
)

CLAIM = f"""
WITH {due_of_oldest(QUEUE)}, claimed AS (
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

SETTLE = settle_mails("invites", prefix="mail_", mail_id="mail_id")
"""Nothing is said of a mail that another was asked for after."""
