"""What a sender notes on a notification or a Live Activity: tags to find it by, and metadata. Phones get neither."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from core_service.common.validation import parse_json_object, require_storable, write_json
from service_kit.errors import InvalidRequest

MAX_ENTRIES = 50
MAX_BYTES = 16_384
MAX_KEY = 100
MAX_TEXT = 4000
MAX_WHOLE = 2**53
"""Beyond it, a double does not hold every whole number."""
FORBIDDEN_KEY = "__proto__"
"""JavaScript would take it for something else than a key."""


def each_tag_once(tags: Iterable[str], path: str = "tags") -> tuple[str, ...]:
    """The tags without surrounding white space. Of those that differ in letter case alone, the first is kept.

    Raises InvalidRequest.
    """
    found: dict[str, str] = {}
    for place, tag in enumerate(tags):
        found.setdefault(tag.strip().casefold(), require_storable(tag.strip(), f"{path}[{place}]"))
    return tuple(found.values())


def check_metadata(text: str, path: str = "metadata") -> str:
    """The JSON text to store, its whole numbers without a fraction.

    Raises InvalidRequest unless it is an object of at most 50 texts, numbers, or true and false.
    """
    values = parse_json_object(text, path)
    if len(values) > MAX_ENTRIES:
        raise InvalidRequest.at(path, f"must have at most {MAX_ENTRIES} entries")
    stored = write_json({_key(key, path): _value(value, f"{path}.{key}") for key, value in values.items()})
    if len(stored) > MAX_BYTES:
        raise InvalidRequest.at(path, f"must be at most {MAX_BYTES} bytes of JSON")
    return stored.decode()


def _key(key: str, path: str) -> str:
    if not 1 <= len(key) <= MAX_KEY or not key.strip():
        raise InvalidRequest.at(path, f"must have keys of 1 to {MAX_KEY} characters that are not blank")
    if key == FORBIDDEN_KEY:
        raise InvalidRequest.at(path, f"must not have the key {FORBIDDEN_KEY}")
    return require_storable(key, path)


def _value(value: Any, path: str) -> Any:
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise InvalidRequest.at(path, f"must be at most {MAX_TEXT} characters")
        return require_storable(value, path)
    if isinstance(value, Decimal):
        # SDKs write whole numbers as 1200.0.
        return int(value) if abs(value) < MAX_WHOLE and value == int(value) else value
    if not isinstance(value, bool | int):
        raise InvalidRequest.at(path, "must be a text, a number, true or false")
    return value
