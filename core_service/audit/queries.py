"""The SQL of the audit log, for transactions that do without the ORM."""

INSERT = """
INSERT INTO audit_entries (
    id, account_id, occurred_at, actor, actor_id, actor_name, method, request, subject_id, client_address, request_id
)
VALUES (
    %(id)s, %(account_id)s, now(), %(actor)s, %(actor_id)s,
    COALESCE((SELECT email FROM users WHERE id = %(actor_id)s), ''), %(method)s, %(request)s, %(subject_id)s,
    %(client_address)s, %(request_id)s
)
"""
