"""How core says why it cannot start."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy.exc

from core_service.app.schema_command import first_line
from core_service.migrations import UnknownSchema

CANNOT_START = 2


@contextmanager
def told() -> Iterator[None]:
    """Ends the process with one line for failures that an operator can put right: exit code 2 for a schema that this
    release does not know, 1 for an address that cannot be listened on or a schema that cannot be upgraded."""
    try:
        yield
    except OSError as error:
        sys.exit(f"core: {error}")
    except sqlalchemy.exc.DBAPIError as error:
        sys.exit(f"core: the schema cannot be upgraded: {first_line(error)}")
    except UnknownSchema as error:
        print(f"core: {error}", file=sys.stderr)
        sys.exit(CANNOT_START)
