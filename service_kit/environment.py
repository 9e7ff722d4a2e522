"""Removes environment variables that libraries would read on their own.

Settings of this server begin with `SMITH_`, those of its traces with `OTEL_`. Variables that a shell profile, a CI
runner or another project has set must not change what our processes do, or keep them from starting. Proxies
(`HTTP_PROXY` and the like) stay for the trace exporter; all clients between our processes ignore them.
"""

from collections.abc import MutableMapping

FOREIGN = {
    # uvicorn: SMITH_TRUSTED_PROXIES decides whose X-Forwarded-For is believed, and each server is one process.
    "FORWARDED_ALLOW_IPS", "WEB_CONCURRENCY",
    # Python's ssl: it would write the keys of every connection to a file, or fail if it cannot.
    "SSLKEYLOGFILE",
    # protobuf: an implementation that is not installed ends the process, the one in Python is slow.
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION",
    # psycopg: an implementation whose libpq is missing ends the process, too.
    "PSYCOPG_IMPL",
    # Python: these could keep a process from ending, and logs from writing every character.
    "PYTHONINSPECT", "PYTHONIOENCODING",
}  # fmt: skip
FOREIGN_PREFIXES = ("NICEGUI_", "PGSERVER_")
"""NiceGUI's storage, and the PostgreSQL version that the wheel chooses."""

OVERRIDING = {"PGHOSTADDR", "PGOPTIONS", "PGCLIENTENCODING", "PGDATESTYLE", "PGTZ", "PGGEQO"}
"""Variables that libpq uses although the URL names the database, or that change the format of rows."""


def forget_foreign(environment: MutableMapping[str, str]) -> None:
    """Removes the variables. With the embedded database all of libpq's `PG...` go. With a SMITH_DATABASE_URL those stay
    that may complete it, such as PGPASSFILE and PGSSLROOTCERT."""
    own_database = not environment.get("SMITH_DATABASE_URL")
    for name in list(environment):
        is_libpq = name.startswith("PG") and (own_database or name in OVERRIDING)
        if is_libpq or name in FOREIGN or name.startswith(FOREIGN_PREFIXES):
            del environment[name]
