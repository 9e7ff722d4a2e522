"""`smith migrate`"""

import json
from typing import Annotated

import typer


def migrate(
    check: Annotated[bool, typer.Option("--check", help="Only check: exit code 1 if it is behind.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with JSON: before, after, newest.")] = False,
) -> None:
    """Bring the database to the newest schema.

    The database is the one of SMITH_DATABASE_URL or, without it, the embedded one in SMITH_DATA_DIR, whether the
    server runs or not. Core does the same whenever it starts; use this to choose the moment.

    A database that a newer release has upgraded is refused with exit code 2, and so is one from before schema 0008.
    """
    from cli.commands.running import FAILED, run
    from cli.database.schema import Schema, check_schema, migrate_schema

    schema: Schema = run("migrate", check_schema if check else migrate_schema)
    if as_json:
        typer.echo(json.dumps(schema.as_dict()))
    else:
        typer.echo(schema.in_words())
    if check and schema.before != schema.newest:
        raise typer.Exit(FAILED)
