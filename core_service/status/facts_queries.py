"""The SQL of what the operator sees."""

ACCOUNTS = "SELECT count(*)::int FROM (SELECT FROM accounts LIMIT 2) a"
"""The number of accounts, up to 2."""

SERVER = f"""
SELECT (SELECT version_num FROM alembic_version), current_setting('server_version'),
       pg_database_size(current_database()), now(),
       ({ACCOUNTS}),
       (SELECT created_at FROM accounts ORDER BY id LIMIT 1)
"""
"""Schema, version of PostgreSQL, size in bytes, the time, the number of accounts up to 2, and the age of the first."""

REPORT = """
WITH silent AS (
    SELECT core_id FROM core_reports
    WHERE reported_at < now() - interval '1 hour' AND core_id <> %(core_id)s
    FOR UPDATE SKIP LOCKED
), forgotten AS (
    DELETE FROM core_reports USING silent WHERE core_reports.core_id = silent.core_id
)
INSERT INTO core_reports (core_id, release, started_at, reported_at, stopped_routes)
VALUES (%(core_id)s, %(release)s, %(started_at)s, now(), %(stopped_routes)s::jsonb)
ON CONFLICT (core_id) DO UPDATE SET reported_at = now(), stopped_routes = excluded.stopped_routes
"""
"""Writes what a core says of itself, and forgets cores that have been silent for an hour."""

RETRACT = "DELETE FROM core_reports WHERE core_id = %s"

CORES = """
SELECT core_id, release, started_at, reported_at, stopped_routes::text FROM core_reports
WHERE reported_at > now() - %(silence)s * interval '1 second'
ORDER BY started_at, core_id
LIMIT 100
"""
"""The cores that run."""

RECORD = """
WITH older AS (
    SELECT id FROM backup_records WHERE kind = %(kind)s ORDER BY finished_at DESC OFFSET %(kept)s - 1
), forgotten AS (
    DELETE FROM backup_records USING older WHERE backup_records.id = older.id
)
INSERT INTO backup_records (id, kind, finished_at, snapshot_at, place, bytes, is_verified, release)
VALUES (%(id)s, %(kind)s, now(), %(snapshot_at)s, %(place)s, %(bytes)s, %(is_verified)s, %(release)s)
"""
"""Records a backup or a restore, and forgets the oldest of its kind beyond `kept`."""

NEWEST_RECORDS = """
SELECT DISTINCT ON (kind) kind, finished_at, snapshot_at, place, bytes, is_verified, release FROM backup_records
ORDER BY kind, finished_at DESC
"""
