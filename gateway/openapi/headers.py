"""Headers of requests and answers. Each is described once, under `components`."""

from typing import Any

from gateway.problems import CHALLENGE

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A key of the caller's choice for this request. If the request is repeated with the same key "
    "within 24 hours, it gets the first answer again and is not done twice. Another request with the key gets 409.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "example": "deploy-4711-finished",
}

PREFER = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`handling=strict` (RFC 7240): fields that the request does not know are refused instead of being "
    "ignored.",
    "schema": {"type": "string"},
    "example": "handling=strict",
}

RATE_LIMIT = {
    "RateLimit-Limit": "Requests that the account may make in a minute.",
    "RateLimit-Remaining": "Requests that it may still make now.",
    "RateLimit-Reset": "Seconds until more are allowed.",
}
SECONDS = "Seconds after which it is worth trying again."

HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": {
        "description": "The request's id in logs: the caller's own `X-Request-Id` if it sent a valid one.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
    },
    **{
        name: {"description": text, "schema": {"type": "integer", "minimum": 0}, "required": True}
        for name, text in RATE_LIMIT.items()
    },
    **{
        f"{name}-If-Counted": {
            "description": f"{text} Left out if the request was refused before it was counted.",
            "schema": {"type": "integer", "minimum": 0},
        }
        for name, text in RATE_LIMIT.items()
    },
    "Idempotency-Replayed": {
        "description": "This is the answer to an earlier request under the same `Idempotency-Key`.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Ignored-Fields": {
        "description": "Paths of fields that were ignored because the request does not know them, percent-encoded and "
        "separated by commas: 20 paths and 1 kB at most, then `+N` for N others. Left out if there are none.",
        "schema": {"type": "string", "maxLength": 1024},
        "example": "content_state.sparkle, activity_id",
    },
    "Preference-Applied": {
        "description": "The request asked for `Prefer: handling=strict`, and unknown fields were refused.",
        "schema": {"type": "string", "enum": ["handling=strict"]},
    },
    "WWW-Authenticate": {
        "description": "The scheme of the credentials.",
        "required": True,
        "schema": {"type": "string", "enum": [CHALLENGE]},
    },
    "Retry-After": {"description": SECONDS, "required": True, "schema": {"type": "integer", "minimum": 1}},
    "Retry-After-If-Of-Use": {
        "description": f"{SECONDS} Left out where waiting alone does not help.",
        "schema": {"type": "integer", "minimum": 1},
    },
}
"""Components by name. A header that may be missing has a component of its own."""


UNKNOWN_FIELDS = ("Ignored-Fields", "Preference-Applied")


def answer_headers(*, limited: bool, repeatable: bool, sends: bool) -> dict[str, Any]:
    """Headers of a success."""
    names = {"X-Request-Id": "X-Request-Id"}
    if limited:
        names |= {name: name for name in RATE_LIMIT}
    if repeatable:
        names["Idempotency-Replayed"] = "Idempotency-Replayed"
    if sends:
        names |= {name: name for name in UNKNOWN_FIELDS}
    return _references(names)


def error_headers(status: int, *, limited: bool, sends: bool) -> dict[str, Any]:
    """Headers of an error."""
    names = {"X-Request-Id": "X-Request-Id"}
    if limited and status not in (401, 408, 415):
        names |= {name: f"{name}-If-Counted" for name in RATE_LIMIT}
    if sends and status not in (408, 415):
        names |= {name: name for name in UNKNOWN_FIELDS}
    if status == 401:
        names["WWW-Authenticate"] = "WWW-Authenticate"
    if status == 429:
        names["Retry-After"] = "Retry-After-If-Of-Use"
    if status == 503:
        names["Retry-After"] = "Retry-After"
    return _references(names)


def _references(names: dict[str, str]) -> dict[str, Any]:
    return {header: {"$ref": f"#/components/headers/{component}"} for header, component in names.items()}
