"""`python -m core_service migrate` and `revisions`: the schema's commands, which answer with one line of JSON."""

import json
import sys

import sqlalchemy.exc

from core_service import migrations

DONE, FAILED, CANNOT_START = 0, 1, 2


def migrate(database_url: str, *, check: bool) -> int:
    """Brings the database to the newest schema; with `check` only looks. Returns the exit code: 0 it is the newest,
    1 it is not (a line on standard error says why, unless `check` was asked for), 2 this release does not know it."""
    newest = migrations.revisions()[-1]
    try:
        before = migrations.current(database_url) if check else migrations.upgrade(database_url).before
    except migrations.UnknownSchema as error:
        return _complain(str(error), CANNOT_START)
    except sqlalchemy.exc.DBAPIError as error:
        return _complain(f"the schema cannot be {'read' if check else 'upgraded'}: {first_line(error)}", FAILED)
    print(json.dumps({"before": before, "after": before if check else newest, "newest": newest}))
    return FAILED if check and before != newest else DONE


def list_revisions() -> int:
    """Prints the revisions that this release knows, oldest first."""
    print(json.dumps(migrations.revisions()))
    return DONE


def first_line(error: sqlalchemy.exc.DBAPIError) -> str:
    """What PostgreSQL or the network said, without the statement."""
    return str(error.orig).strip().partition("\n")[0]


def _complain(line: str, code: int) -> int:
    print(line, file=sys.stderr)
    return code
