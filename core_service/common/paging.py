"""Lists in pages. A page begins after the last key of the page before, so a late page costs no more than an early
one."""

import base64
import binascii
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from core_service.common.validation import SLUG, UUID
from service_kit.errors import InvalidRequest

DEFAULT_SIZE = 100
MAX_SIZE = 1000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list."""

    items: Sequence[T]
    next_token: str | None
    """Asks for the next page; None on the last."""


def page_of(rows: Sequence[T], size: int, key: Callable[[T], str]) -> Page[T]:
    """Returns the page of `size` items. `rows` has one more if there are more."""
    items = rows[:size]
    return Page(items, write_token(key(items[-1])) if len(rows) > size else None)


def write_token(key: str) -> str:
    """The opaque form of the last key of a page."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def read_id(token: str | None) -> uuid.UUID:
    """Returns the id to begin after; the lowest of all without a token.

    Raises InvalidRequest if the token was not made by this server.
    """
    return uuid.UUID(int=0) if token is None else uuid.UUID(_read(token, UUID))


def read_id_before(token: str | None) -> uuid.UUID:
    """Returns the id to end before, for lists that begin with the newest; the highest of all without a token.

    Raises InvalidRequest if the token was not made by this server.
    """
    return uuid.UUID(int=2**128 - 1) if token is None else uuid.UUID(_read(token, UUID))


def read_slug(token: str | None) -> str:
    """Returns the slug to begin after; without a token the empty one, which sorts before all.

    Raises InvalidRequest if the token was not made by this server.
    """
    return "" if token is None else _read(token, SLUG)


def read_key(token: str | None, form: re.Pattern[str]) -> str | None:
    """Returns the key of this form to begin after; None without a token.

    Raises InvalidRequest if the token was not made by this server.
    """
    return None if token is None else _read(token, form)


def _read(token: str, form: re.Pattern[str]) -> str:
    try:
        key = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        key = ""
    if not form.fullmatch(key):
        raise InvalidRequest.at("page_token", "must be the next_page_token of the page before")
    return key
