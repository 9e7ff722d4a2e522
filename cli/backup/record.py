"""Has core record a backup or a restore in the database, for `smith status` and the web admin."""

import json
import os
from pathlib import Path
from typing import Literal

from cli.backup.manifest import Manifest
from cli.database.core_command import ask_core


async def record_backup(
    kind: Literal["backup", "restore"],
    database_url: str,
    file: Path,
    size: int,
    manifest: Manifest,
    *,
    is_verified: bool,
) -> None:
    """Records that the file (`-`: a standard stream) was made from this database, or that this database was made from
    it. `size` is in bytes. Raises CannotStart or Failed, for example because the schema is older than this release.
    """
    told = {
        "kind": kind,
        "snapshot_at": manifest.created_at.isoformat(),
        "place": _place(kind, file),
        "bytes": size,
        "is_verified": is_verified,
        "release": manifest.version,
    }
    await ask_core("record-backup", database_url=database_url, given=json.dumps(told).encode())


def _place(kind: str, file: Path) -> str:
    if str(file) == "-":
        return "standard output" if kind == "backup" else "standard input"
    # A name need not be UTF-8.
    return os.fsencode(file.expanduser().resolve()).decode(errors="replace")[:4096]
