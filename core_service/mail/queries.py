"""The SQL that all tables with mails share."""


def settle_mails(table: str, *, prefix: str = "", mail_id: str = "id") -> str:
    """The statement that records what became of mails. `prefix` is that of the columns; `mail_id` is the column with
    the mail that the row owes. If another mail was asked for since, nothing is recorded."""
    p = prefix
    return f"""
UPDATE {table} m
SET {p}state = s.state, {p}attempts = s.attempts, {p}due_at = now() + s.wait * interval '1 second',
    {p}reason = s.reason, {p}message = s.message,
    {p}sent_at = CASE WHEN s.state = 'sent' THEN now() ELSE m.{p}sent_at END
FROM unnest(
    %(ids)s::uuid[], %(mail_ids)s::uuid[], %(states)s::text[], %(attempts)s::int[], %(waits)s::float8[],
    %(reasons)s::text[], %(messages)s::text[]
) AS s(id, mail_id, state, attempts, wait, reason, message)
WHERE m.id = s.id AND m.{mail_id} = s.mail_id AND m.{p}state = 'queued'
"""
