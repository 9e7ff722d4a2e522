"""Arrays of PostgreSQL, written as text: parameters of statements on many rows at once.

psycopg looks at every element of a list; writing it as text costs a tenth. A text may also hold an array of arrays that
differ in length.
"""

import datetime as dt
import uuid
from collections.abc import Iterable


def uuids(values: Iterable[uuid.UUID]) -> str:
    """For `::uuid[]`."""
    return "{" + ",".join([value.hex for value in values]) + "}"


def byte_strings(values: Iterable[bytes]) -> str:
    """For `::bytea[]`."""
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"


def numbers(values: Iterable[int | None]) -> str:
    """For `::int[]` and its relatives; None is null."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def timestamps(values: Iterable[dt.datetime]) -> str:
    """For `::timestamptz[]`. The moments have a time zone."""
    return "{" + ",".join([value.isoformat() for value in values]) + "}"


def texts(values: Iterable[str | None]) -> str:
    """For `::text[]`; None is null."""
    return "{" + ",".join(["NULL" if value is None else _quoted(value) for value in values]) + "}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
