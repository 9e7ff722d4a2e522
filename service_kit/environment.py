"""Environment variables that libraries read behind our back.

Settings of this server begin with `SMITH_`, those of its traces with `OTEL_`. What a shell profile, a CI runner or
another project has set for itself must not change what our processes do, nor keep them from starting. Proxies
(`HTTP_PROXY` and the like) are left to the trace exporter; every client of ours between processes ignores them.
"""

from collections.abc import MutableMapping

FOREIGN = {
    # uvicorn: whose X-Forwarded-For is believed says SMITH_TRUSTED_PROXIES, and each process is one.
    "FORWARDED_ALLOW_IPS", "WEB_CONCURRENCY",
    # Python's ssl: it would write the keys of every connection to a file, or fail if it cannot.
    "SSLKEYLOGFILE",
    # protobuf: an implementation that is not installed ends the process, the one in Python is slow.
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION",
    # psycopg: so does libpq of a system that has none.
    "PSYCOPG_IMPL",
    # Python: a process that does not end, and a log that cannot say every letter.
    "PYTHONINSPECT", "PYTHONIOENCODING",
}  # fmt: skip
FOREIGN_PREFIXES = ("NICEGUI_", "PGSERVER_")
"""NiceGUI's storage, and which PostgreSQL the wheel takes for the newest."""

OVERRIDING = {"PGHOSTADDR", "PGOPTIONS", "PGCLIENTENCODING", "PGDATESTYLE", "PGTZ", "PGGEQO"}
"""What libpq takes from the environment although the URL names the database, or what changes how rows look."""


def forget_foreign(environment: MutableMapping[str, str]) -> None:
    """Removes them. libpq's `PG...` go whole where the database is our own; beside a SMITH_DATABASE_URL stays what may
    complete it, such as PGPASSFILE and PGSSLROOTCERT."""
    own_database = not environment.get("SMITH_DATABASE_URL")
    for name in list(environment):
        is_libpq = name.startswith("PG") and (own_database or name in OVERRIDING)
        if is_libpq or name in FOREIGN or name.startswith(FOREIGN_PREFIXES):
            del environment[name]
