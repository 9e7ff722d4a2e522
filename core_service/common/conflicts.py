"""Turns a broken database constraint into a refusal."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import IntegrityError

from service_kit.errors import DomainError


@contextmanager
def refusing(constraint: str, refusal: DomainError) -> Iterator[None]:
    """Raises `refusal` if the statements inside break the constraint of that name. A check beforehand is not enough:
    two callers at the same time would both find the name free."""
    try:
        yield
    except IntegrityError as error:
        if isinstance(error.orig, psycopg.Error) and error.orig.diag.constraint_name == constraint:
            raise refusal from None
        raise
