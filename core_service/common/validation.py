"""Rules that fields of several areas share and the protos cannot declare. Each message names the field and the rule.
JSON objects of users are checked here too, and never changed in meaning."""

import re
import uuid
from typing import Any

import simplejson

from service_kit import json_numbers, mail_addresses
from service_kit.errors import InvalidRequest, NotFound
from service_kit.field_paths import joined, written

EMAIL_LENGTH = 254
"""Most characters of an e-mail address (RFC 3696, erratum 1690)."""

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

MAX_DEPTH = 32
"""Levels of JSON that users may nest."""

_decoder = simplejson.JSONDecoder(parse_int=json_numbers.integer, parse_float=json_numbers.fraction)


def require_storable(value: str, field: str) -> str:
    """The text as it is, once it is known to hold nothing that PostgreSQL or UTF-8 cannot.

    Raises InvalidRequest.
    """
    if "\x00" in value:
        raise InvalidRequest.at(field, "must not contain the character U+0000")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidRequest.at(field, "must be valid Unicode text")
    return value


def containing(text: str) -> str:
    """The pattern of LIKE for what contains the text, whatever is in it."""
    for special in "\\%_":
        text = text.replace(special, f"\\{special}")
    return f"%{text}%"


def require_name(value: str, field: str = "name") -> str:
    """The name without surrounding white space.

    Raises InvalidRequest.
    """
    return require_storable(value.strip(), field)


def require_email(value: str, field: str = "email") -> str:
    """The e-mail address in the form it is stored in: lower case, no surrounding white space.

    Whether mail can reach it is not checked: a team may use addresses of its own network.
    Raises InvalidRequest.
    """
    value = value.strip()
    if not 1 <= len(value) <= EMAIL_LENGTH:
        raise InvalidRequest.at(field, f"must be 1 to {EMAIL_LENGTH} characters")
    require_storable(value, field)
    try:
        address = mail_addresses.checked(value)
    except ValueError as error:
        raise InvalidRequest.at(field, f"must be an e-mail address: {error}") from None
    return address.normalized.lower()


def require_uuid(value: str, field: str) -> uuid.UUID:
    """The identifier in a request's body.

    Raises InvalidRequest if it is malformed.
    """
    if not UUID.fullmatch(value):
        raise InvalidRequest.at(field, "must be a UUID")
    return uuid.UUID(value)


def find_uuid(value: str, thing: str) -> uuid.UUID:
    """The identifier that names a `thing` (a noun for people, such as `device`).

    Raises NotFound if it is malformed, for then nothing has it.
    """
    if not UUID.fullmatch(value):
        raise missing(thing)
    return uuid.UUID(value)


def missing(thing: str) -> NotFound:
    """The error for a `thing` that does not exist in the caller's account."""
    return NotFound(f"There is no such {thing} in the account.")


def parse_json_object(text: str, name: str) -> dict[str, Any]:
    """Reads the object. Its numbers stay exact, as int or Decimal.

    Raises InvalidRequest if the text is not one JSON object, is nested more than 32 levels deep, holds text that is not
    Unicode (a lone surrogate), or a number that no double can hold.
    """
    try:
        value = _decoder.decode(text)
    except json_numbers.NumberTooLarge:
        place = written(json_numbers.find_too_large(text))
        raise InvalidRequest.at(joined(name, place), json_numbers.RULE) from None
    except RecursionError:
        raise InvalidRequest.at(name, f"must be nested at most {MAX_DEPTH} levels deep") from None
    except (ValueError, ArithmeticError):
        # decimal.InvalidOperation, an ArithmeticError, is raised for an exponent out of range.
        raise InvalidRequest.at(name, "must be valid JSON") from None
    if not isinstance(value, dict):
        raise InvalidRequest.at(name, "must be a JSON object")
    if _deeper_than(value, MAX_DEPTH):
        raise InvalidRequest.at(name, f"must be nested at most {MAX_DEPTH} levels deep")
    try:
        write_json(value)
    except UnicodeEncodeError:
        raise InvalidRequest.at(name, "must hold valid Unicode text") from None
    return value


def write_json(value: Any) -> bytes:
    """The value as compact JSON in UTF-8: the form that is measured and the form that is sent."""
    return simplejson.dumps(value, ensure_ascii=False, separators=(",", ":"), use_decimal=True).encode()


def _deeper_than(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [
            child
            for item in layer
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, (dict, list))
        ]
        if not layer:
            return False
    return True
