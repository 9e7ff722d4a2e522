"""`smith restore`"""

import json
from pathlib import Path
from typing import Annotated

import typer


def restore(
    file: Annotated[Path, typer.Argument(help="A backup; `-` is standard input.", allow_dash=True)],
    as_json: Annotated[bool, typer.Option("--json", help="Answer with JSON: what was restored and replaced.")] = False,
) -> None:
    """Replace the database by the one in a backup.

    The server must be stopped. The file is checked first; then a new database is made next to the old one, upgraded if
    the backup is of an older release, and put in its place. If this is interrupted, either the old or the new database
    is there whole. The old one is kept in the folder `replaced` of SMITH_DATA_DIR.

    With SMITH_DATABASE_URL, that database must be empty.

    Restore only files that you trust: a database can contain code.
    """
    from cli.backup.restore import Restored, restore_backup
    from cli.commands.running import run

    restored: Restored = run("restore", lambda settings: restore_backup(settings, file))
    typer.echo(json.dumps(restored.as_dict()) if as_json else restored.in_words())
