"""The errors of operations: which statuses, for which reasons, in which form."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from smith.core.v1 import error_reason_pb2
from smith.core.v1.comments import COMMENTS

from gateway.openapi.error_examples import EXAMPLES, OF_THE_GATEWAY
from gateway.openapi.headers import error_headers
from gateway.openapi.words import errors_line

REASON = re.compile(r"(?P<text>.*?) [A-Z_]+, HTTP (?P<status>[0-9]{3})\.")
"""How the comment on a value of `ErrorReason` ends."""
MENTION = re.compile(r"(?P<reason>[A-Z_]+)(?: \((?P<note>[^()]+)\))?(?:, |\.)")

TITLES = {
    400: "The request is malformed or breaks a rule.",
    401: "The credentials are missing, malformed, unknown, revoked or expired.",
    403: "The credentials are good, but not for this.",
    404: "What the request names does not exist, or no device would receive it.",
    408: "The body did not arrive in time.",
    409: "The present state does not allow it.",
    413: "The body, or the push made from it, is too large.",
    415: "The body is declared to be something other than JSON, or compressed.",
    422: "No device can be reached.",
    429: "Too many requests, attempts or Live Activities. If waiting helps, `Retry-After` says for how many seconds.",
    503: "The server cannot answer now. The same request may be sent again.",
}
SCHEMAS = {
    "NO_RECIPIENTS": "NoRecipientsError",
    "BADGE_DEVICE_DISCONNECTED": "BadgeUpdateError",
    "PAYLOAD_TOO_LARGE": "TooLargeError",
    "BODY_TOO_LARGE": "TooLargeError",
    "RATE_LIMITED": "RateLimitError",
    "TOO_MANY_ATTEMPTS": "RateLimitError",
    "LIVE_ACTIVITY_LIMIT": "LiveActivityLimitError",
}
"""The schemas of errors with additional members, and of errors that never have any."""


@dataclass(frozen=True)
class Reasons:
    """Why an operation may fail: for each HTTP status the reasons, each with its note."""

    by_status: dict[int, dict[str, str]] = field(default_factory=dict)

    def add(self, reason: str, note: str = "") -> None:
        """Adds a reason. Raises KeyError if `ErrorReason` has no such value."""
        status = OF_THE_GATEWAY[reason][0] if reason in OF_THE_GATEWAY else read_reason(reason)[1]
        reasons = self.by_status.setdefault(status, {})
        reasons[reason] = note or reasons.get(reason, "")


def read_reason(reason: str) -> tuple[str, int]:
    """The meaning of a value of `ErrorReason` (without prefix) and its HTTP status, both from its comment.

    Raises KeyError if the value does not exist, and ValueError if its comment does not end with code and status.
    """
    name = f"ERROR_REASON_{reason}"
    error_reason_pb2.ErrorReason.DESCRIPTOR.values_by_name[name]
    comment = " ".join(COMMENTS[f"smith.core.v1.ErrorReason.{name}"].split())
    found = REASON.fullmatch(comment)
    if found is None:
        raise ValueError(f"the comment on {name} does not end with its gRPC code and HTTP status")
    return found["text"], int(found["status"])


def stated(rpc: MethodDescriptor) -> list[tuple[str, str]]:
    """Reasons that the comment on the RPC names, each with its note.

    Raises ValueError if the comment cannot be read.
    """
    line = errors_line(rpc.full_name)
    found = list(MENTION.finditer(line))
    if "".join(one.group(0) for one in found) != line:
        raise ValueError(f"cannot read the errors of {rpc.full_name}: {line}")
    return [(one["reason"], one["note"] or "") for one in found]


class ErrorResponses:
    """The error responses of one document. Those that several operations share are kept as components."""

    def __init__(self) -> None:
        self.components: dict[str, dict[str, Any]] = {}

    def of(self, reasons: Reasons, *, limited: bool, sends: bool) -> dict[str, dict[str, Any]]:
        """The `responses` of an operation that are errors, by status."""
        return {
            str(status): self._one(status, notes, limited=limited, sends=sends)
            for status, notes in sorted(reasons.by_status.items())
        }

    def _one(self, status: int, notes: Mapping[str, str], *, limited: bool, sends: bool) -> dict[str, Any]:
        response = _response(status, notes, limited=limited, sends=sends)
        if any(notes.values()):
            return response
        name = "Or".join("".join(map(str.capitalize, reason.split("_"))) for reason in notes)
        if "RateLimit-Limit" in response["headers"]:
            name += "OfLimited"
        if "Ignored-Fields" in response["headers"]:
            name += "OfSending"
        self.components[name] = response
        return {"$ref": f"#/components/responses/{name}"}


def _response(status: int, notes: Mapping[str, str], *, limited: bool, sends: bool) -> dict[str, Any]:
    names = list(dict.fromkeys(SCHEMAS.get(reason, "Error") for reason in notes))
    schemas = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    examples = {reason.lower(): {"summary": _sentence(reason, note), "value": EXAMPLES[reason]}
                for reason, note in notes.items()}  # fmt: skip
    media = {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}, "examples": examples}
    lines = [TITLES[status], *(f"- {_sentence(reason, note)}" for reason, note in notes.items())]
    return {
        "description": "\n".join(lines) if len(notes) > 1 or any(notes.values()) else TITLES[status],
        "headers": error_headers(status, limited=limited, sends=sends),
        "content": {"application/json": media},
    }


def _sentence(reason: str, note: str) -> str:
    if reason in OF_THE_GATEWAY:
        return OF_THE_GATEWAY[reason][1]
    text = read_reason(reason)[0].split(". Fact")[0].rstrip(".")
    return f"{text} ({note})." if note else f"{text}."


def schemas() -> dict[str, Any]:
    """The schemas of errors."""
    integer = {"type": "integer"}
    slugs = {
        "type": ["array", "null"],
        "items": {"type": "string"},
        "description": "The channels the request was resolved to. Left out when it was for the whole account.",
    }
    return {
        "Error": _schema(
            "What went wrong. Some errors have further members for programs.",
            {
                "field": {
                    "type": "string",
                    "description": "Path of the wrong field, such as "
                    "`content_state.metrics[0].value`. Left out if none is.",
                }
            },
        ),
        "NoRecipientsError": _schema("No device would receive it.", {"effective_channel_slugs": slugs}),
        "BadgeUpdateError": _schema(
            "No device that a number for the app's icon is for can be reached.",
            {
                "code": {
                    "type": "string",
                    "enum": ["badge_device_disconnected"],
                    "description": "The error in a word.",
                },
                "badge": integer | {"description": "The number."},
                "devices_targeted": integer | {"description": "Devices that it is for."},
                "devices_updated": integer | {"description": "Devices for which APNs accepted it: none."},
                "users_updated": integer | {"description": "People who own one of those: none."},
                "devices_notified": integer | {"description": "The same as `devices_updated`."},
                "effective_channel_slugs": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "The channels the request was resolved to. Empty when it was for the whole account.",
                },
            },
            required=["code", "badge", "devices_updated"],
        ),
        "TooLargeError": _schema(
            "The request is too large.",
            {
                "limit": integer | {"description": "Most bytes."},
                "bytes": integer | {"description": "Bytes of the push that was made of the request."},
                "part": {"type": "string", "description": "The field that takes most of them."},
            },
        ),
        "RateLimitError": _schema(
            "Too much for now.",
            {"code": {"type": "string", "const": "rate_limited", "description": "Of the account's rate limit only."}},
            closed=True,
        ),
        "LiveActivityLimitError": _schema(
            "As many Live Activities as the account, or a phone, may have at once are active.",
            {
                "limit": integer | {"description": "Most Live Activities at once."},
                "active": integer | {"description": "How many are active: of phones, the most on a targeted one."},
                "blocked_devices": integer
                | {"description": "Targeted phones that have no room. Left out if no phone has any."},
                "targeted_devices": integer | {"description": "All targeted phones. Left out likewise."},
            },
            required=["limit", "active"],
            closed=True,
        ),
    }


def _schema(
    description: str, facts: dict[str, Any], *, required: list[str] | None = None, closed: bool = False
) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "required": ["error", "message", *(required or ())],
        "properties": {
            "error": {"type": "string", "description": "What kind of error it is."},
            "message": {"type": "string", "description": "What is wrong, in a sentence that names the field."},
            **facts,
        },
        "additionalProperties": not closed,
    }
