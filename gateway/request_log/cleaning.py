"""What of a request may be stored: paths, queries and bodies without secrets.

A secret field is known by its proto (`debug_redact`), any other secret by its form or by the name of its field.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote

from google.protobuf.descriptor import Descriptor

from gateway.routes import Route
from service_kit.redaction import redacted

REDACTED = "[redacted]"
MOST_READ = 32 * 1024
"""Bytes of a body that is looked at. A longer one is not kept."""
MOST_KEPT = 8 * 1024
"""Bytes of what is kept of a body."""
MOST_OF_PATH = 500
MOST_OF_TEXT = 1000
MOST_LEVELS = 32

_SECRETS = (
    r"passw|passcode|secret|token|credential|authori[sz]ation|signature|api[_-]?key|private|pairing|setup[_-]?code"
)
SECRET_NAME = re.compile(_SECRETS, re.IGNORECASE)
IN_JSON = re.compile(rf'("[^"\n]*(?:{_SECRETS})[^"\n]*"\s{{0,8}}:\s{{0,8}})("[^"\n]*"?|[^\s,}}\]"]+)', re.IGNORECASE)
"""A member with such a name in text that is not JSON, but nearly."""
IN_QUERY = re.compile(rf"([?&](?:[^=&#\s\"]*(?:{_SECRETS})[^=&#\s\"]*|sig|code|key)=)[^&#\s\"]+", re.IGNORECASE)
"""A parameter with such a name in a URL."""
WORD = re.compile(r"[a-z][a-z_.-]{0,31}|v[0-9]{1,2}")
"""A part of a path that the API does not have, if it is surely no secret."""
PAIRING_CODE = re.compile(r"(?<![\w-])[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}(?![\w-])")
NAME = re.compile(r"[A-Za-z][A-Za-z_-]{0,47}")
"""A field that the API does not know, if its name is surely no secret that was pasted there."""
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z0-9_-]{32}")
"""What the API's ids look like."""
STEP = re.compile(r"[^.\[\]]+")


def clean(text: str, most: int = MOST_OF_TEXT) -> str:
    """The text without what looks like a secret, as PostgreSQL and UTF-8 can hold it."""
    kept = _hidden(text)
    return _cut(kept.replace("\x00", "\ufffd"), most)


def clean_names(text: str) -> str:
    """The same for the path of a field, or paths, of which a client may have chosen the names."""
    return clean(STEP.sub(lambda step: step[0] if _is_name(step[0]) else REDACTED, text))


def clean_told(message: str, field: str) -> tuple[str, str]:
    """What a refusal says, and the path of the field that it is about and may begin with."""
    named = clean_names(field)
    return clean(message if named == field else message.replace(field, named)), named


class Cleaner:
    """Cleans what requests of these routes say."""

    def __init__(self, table: Iterable[Route]) -> None:
        routes = list(table)
        self._inputs = {f"{route.method} {route.path}": route.rpc.input_type for route in routes}
        self._guarded = {name for name, message in self._inputs.items() if _has_secret(message)}
        self._parameters = {
            name
            for route in routes
            if not route.has_body
            for field in route.rpc.input_type.fields
            if not field.GetOptions().debug_redact
            for name in (field.name, field.json_name)
        }

    def path(self, route: str, path: str, query: bytes) -> str:
        """The path and the query. `route` is the path's template; empty if the API has no such path."""
        if not route:
            # Anybody may have put anything there.
            return _cut("/".join(part if WORD.fullmatch(part) else "*" * bool(part) for part in path.split("/")), 200)
        parts = zip(route.split("/"), path.split("/"), strict=False)
        known = "/".join("*" if name.endswith("_id}") and not ID.fullmatch(part) else part for name, part in parts)
        return clean(quote(known, safe="/:@!$&'()*+,;=~-._") + self._query(query), MOST_OF_PATH)

    def _query(self, query: bytes) -> str:
        if not query:
            return ""
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)[:20]
        kept = ((name, value if name in self._parameters else REDACTED) for name, value in pairs)
        return "?" + "&".join(
            f"{quote(name if _is_name(name) else REDACTED, safe='[]')}={quote(value[:200], safe='[]:,')}"
            for name, value in kept
        )

    def body(self, operation: str, body: bytes) -> str | None:
        """The body; None if it cannot be said to be without secrets. `operation` is method and path template."""
        if len(body) > MOST_READ:
            return f"[{len(body)} bytes, which is too long to keep]"
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            if operation in self._guarded:
                return None
            text = body.decode("utf-8", "replace")
            return clean(IN_JSON.sub(rf'\g<1>"{REDACTED}"', text), MOST_KEPT)
        kept = _walk(value, self._inputs.get(operation), is_guarded=operation in self._guarded)
        return _cut(json.dumps(kept, ensure_ascii=False), MOST_KEPT)


def _walk(value: Any, message: Descriptor | None, *, is_guarded: bool, level: int = 0) -> Any:
    if level > MOST_LEVELS:
        return "…"
    if isinstance(value, str):
        return _hidden(value)
    if isinstance(value, list):
        return [_walk(item, message, is_guarded=is_guarded, level=level + 1) for item in value]
    if not isinstance(value, dict):
        return value
    fields: Mapping[str, Any] = {}
    if message is not None:
        fields = {name: field for field in message.fields for name in (field.name, field.json_name)}
    kept = {}
    for key, item in value.items():
        field = fields.get(key)
        # In a request that has secrets, a wrong name may be that of a secret that was misspelled.
        is_secret = (is_guarded or SECRET_NAME.search(key)) if field is None else field.GetOptions().debug_redact
        inner = None if field is None else field.message_type
        kept[key if field is not None or _is_name(key) else REDACTED] = (
            REDACTED if is_secret else _walk(item, inner, is_guarded=is_guarded, level=level + 1)
        )
    return kept


def _hidden(text: str) -> str:
    return PAIRING_CODE.sub(REDACTED, IN_QUERY.sub(rf"\g<1>{REDACTED}", redacted(text)))


def _is_name(text: str) -> bool:
    return bool(NAME.fullmatch(text) or text.removeprefix("+").isdigit()) and redacted(text) == text


def _has_secret(message: Descriptor, known: frozenset[str] = frozenset()) -> bool:
    if message.full_name in known:
        return False
    known |= {message.full_name}
    return any(
        field.GetOptions().debug_redact or (field.message_type is not None and _has_secret(field.message_type, known))
        for field in message.fields
    )


def _cut(text: str, most: int) -> str:
    """The text in at most so many bytes of UTF-8. Half a surrogate pair is no character."""
    data = text.encode("utf-8", "replace")
    return data.decode() if len(data) <= most else data[: most - 3].decode("utf-8", "ignore") + "…"
