"""`smith backup`"""

import json
from pathlib import Path
from typing import Annotated

import typer


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it; `-` is standard output.", allow_dash=True)],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if there is one.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with JSON: file, bytes and the manifest.")] = False,
) -> None:
    """Write a backup of the database into one file.

    The server may be running. The database is the embedded one in SMITH_DATA_DIR or, if it is set, the one of
    SMITH_DATABASE_URL. The file shows one moment of it, and is complete or does not exist: it is read again before it
    gets its name. The database records that a backup was made (`smith status`). The file holds hashes of secrets and
    people's data. Only you can read it: keep it so.
    """
    if as_json and str(file) == "-":
        raise typer.BadParameter("--json and a backup cannot both go to standard output")
    from cli.backup.make import Made, make_backup
    from cli.commands.running import run

    made: Made = run("backup", lambda settings: make_backup(settings, file, force=force))
    if as_json:
        manifest = made.manifest.model_dump(mode="json")
        told = {"file": str(file), "bytes": made.bytes, "manifest": manifest}
        typer.echo(json.dumps(told | {"verified": made.is_verified, "note": made.note or None}))
    else:
        target = "standard output" if str(file) == "-" else file
        line = f"Backed up {made.what} to {target}: {made.bytes:,} bytes, {made.manifest.in_words()}."
        typer.echo(line, err=str(file) == "-")
        if made.note:
            typer.echo(made.note, err=True)
