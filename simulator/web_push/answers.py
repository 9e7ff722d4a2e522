"""What push services answer, each in its own words."""

import json
from dataclasses import dataclass, field
from enum import Enum

from simulator.web_push.kinds import Kind
from simulator.web_push.vapid import Fault

CREATED = 201


@dataclass(frozen=True)
class Answer:
    """The answer to one request."""

    status: int
    reason: str | None = None
    """The service's word for it."""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Enum):
    """Why a message is refused."""

    UNKNOWN = "no such subscription"
    GONE = "the browser has unsubscribed"
    NO_TTL = "the TTL header must be a whole number of seconds"
    URGENCY = "Urgency must be very-low, low, normal or high"
    TOPIC = "Topic must be at most 32 characters of base64url"
    ENCODING = "Content-Encoding must be aes128gcm"
    TOO_LARGE = "the body must be at most 4096 bytes"


_APPLE: dict[Refusal | Fault, tuple[int, str]] = {
    Refusal.UNKNOWN: (404, "BadDeviceToken"),
    Refusal.GONE: (410, "Unregistered"),
    Refusal.NO_TTL: (400, "BadTtl"),
    Refusal.URGENCY: (400, "BadUrgency"),
    Refusal.TOPIC: (400, "BadWebPushTopic"),
    Refusal.ENCODING: (400, "BadContentEncoding"),
    Refusal.TOO_LARGE: (413, "PayloadTooLarge"),
    Fault.MISSING: (403, "BadAuthorizationHeader"),
    Fault.OTHER_KEY: (400, "VapidPkHashMismatch"),
}
_APPLES_OTHER = (403, "BadJwtToken")

_GOOGLE: dict[Refusal | Fault, int] = {
    Refusal.UNKNOWN: 404, Refusal.GONE: 410, Refusal.TOO_LARGE: 413, Fault.MISSING: 401, Fault.OTHER_KEY: 403,
    Fault.SIGNATURE: 403, Fault.AUDIENCE: 403, Fault.EXPIRY: 403, Fault.SUBJECT: 403,
}  # fmt: skip
_GOOGLES_WORDS: dict[Refusal | Fault, str] = {
    Refusal.GONE: "push subscription has unsubscribed or expired.",
    Fault.OTHER_KEY: "the VAPID credentials in the authorization header do not correspond to the credentials used to "
    "create the subscriptions.",
}

_MOZILLA: dict[Refusal | Fault, tuple[int, int]] = {
    Refusal.UNKNOWN: (404, 102), Refusal.GONE: (410, 106), Refusal.TOO_LARGE: (413, 104), Refusal.NO_TTL: (400, 111),
    Refusal.TOPIC: (400, 113), Refusal.ENCODING: (415, 110), Refusal.URGENCY: (400, 112),
    Fault.OTHER_KEY: (403, 109),
}  # fmt: skip
"""Status and `errno`."""
_MOZILLAS_OTHER = (401, 109)


def refuse(kind: Kind, why: Refusal | Fault) -> Answer:
    """The refusal as a service of this kind puts it."""
    if kind is Kind.APPLE:
        status, reason = _APPLE.get(why, _APPLES_OTHER)
        return Answer(status, reason, _json({"reason": reason}))
    if kind is Kind.CHROME:
        words = _GOOGLES_WORDS.get(why, why.value)
        return Answer(_GOOGLE.get(why, 400), words, words.encode(), {"content-type": "text/plain; charset=utf-8"})
    status, errno = _MOZILLA.get(why, _MOZILLAS_OTHER)
    document = {"code": status, "errno": errno, "error": _PHRASES[status], "message": why.value}
    return Answer(status, why.value, _json(document))


_PHRASES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 410: "Gone",
    413: "Payload Too Large", 415: "Unsupported Media Type",
}  # fmt: skip


def on_order(kind: Kind, status: int, reason: str | None) -> Answer:
    """The answer that a fault asks for."""
    if status == CREATED or kind is Kind.CHROME:
        return Answer(status, reason, (reason or "").encode(), {"content-type": "text/plain; charset=utf-8"})
    return Answer(status, reason, _json({"reason": reason}) if reason else b"")


def _json(document: dict[str, object]) -> bytes:
    return json.dumps(document).encode()
