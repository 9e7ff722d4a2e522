"""APNs' checks of a request, in their order.

Sources: Apple's "Sending notification requests to APNs" and "Handling notification responses from APNs". Where Apple
publishes no order, it is that of pushy's mock server, with one exception: the real APNs checks the sender before the
token.
"""

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from simulator.apns.directory import TokenEntry

Headers = dict[bytes, bytes]

MAX_BODY = 4096
MAX_VOIP_BODY = 5120
MAX_COLLAPSE_ID = 64
MAX_DEPTH = 200
PREFIX = b"/3/device/"

TOPIC_SUFFIXES = {
    b"alert": b"",
    b"background": b"",
    b"liveactivity": b".push-type.liveactivity",
    b"widgets": b".push-type.widgets",
    b"controls": b".push-type.controls",
    b"voip": b".voip",
    b"complication": b".complication",
    b"fileprovider": b".pushkit.fileprovider",
    b"location": b".location-query",
    b"pushtotalk": b".voip-ptt",
}
PRIORITIES = {
    b"background": frozenset((b"1", b"5")),
    b"liveactivity": frozenset((b"5", b"10")),
}
ANY_PRIORITY = frozenset((b"1", b"5", b"10"))

is_message_id = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch
is_expiration = re.compile(rb"[0-9]{1,12}").fullmatch
_topic = re.compile(rb"[A-Za-z0-9.-]{1,255}").fullmatch
# Apple: do not assume a token's size.
_token = re.compile(rb"(?:[0-9a-fA-F]{2}){1,128}").fullmatch


class Verdict(NamedTuple):
    """APNs' answer: a status, and for errors one of Apple's reasons."""

    status: int
    reason: str | None = None
    timestamp: int | None = None
    """Milliseconds since the epoch; only with 410."""
    channel_id: str = ""
    """Of a broadcast channel that was made."""
    document: dict[str, Any] | None = None
    """The body of an answer that has one although nothing is refused."""


ACCEPTED = Verdict(200)
WRONG_TOKEN = Verdict(400, "BadDeviceToken")


class Request:
    """A complete request with everything that the checks need."""

    __slots__ = (
        "auth_problem",
        "body",
        "document",
        "entry",
        "headers",
        "id_header",
        "length",
        "push_type",
        "repeated",
        "token",
    )

    def __init__(self, headers: Headers, *, repeated: bool) -> None:
        self.headers = headers
        self.repeated = repeated
        """Whether a header that may be given once is given twice."""
        self.body: bytes = b""
        self.length = 0
        """Bytes of the body as sent; `body` holds only a little more than the limit."""
        self.push_type = headers.get(b"apns-push-type", b"alert")
        path = headers.get(b":path", b"")
        self.token = path[len(PREFIX) :].lower().decode("ascii", "replace") if path.startswith(PREFIX) else ""
        """Of a request for broadcast channels: what `channel_rules` calls it."""
        self.id_header = b"apns-id"
        self.entry: TokenEntry | None = None
        self.auth_problem: tuple[int, str] | None = None
        self.document: dict[str, Any] = {}
        """The body, decoded; filled in by the last check."""


class Policy(NamedTuple):
    """What this APNs allows."""

    bundle_id: bytes
    accept_unknown_tokens: bool = False


Check = Callable[[Request, Policy], Verdict | None]


def judge(request: Request, policy: Policy) -> Verdict:
    """The answer to `request`: that of the first check that fails, or 200."""
    for check in ORDER:
        verdict = check(request, policy)
        if verdict is not None:
            return verdict
    return ACCEPTED


def _check_repeated(request: Request, _: Policy) -> Verdict | None:
    return Verdict(400, "DuplicateHeaders") if request.repeated else None


def _check_message_id(request: Request, _: Policy) -> Verdict | None:
    value = request.headers.get(b"apns-id")
    return Verdict(400, "BadMessageId") if value is not None and not is_message_id(value) else None


def _check_method(request: Request, _: Policy) -> Verdict | None:
    return None if request.headers.get(b":method") == b"POST" else Verdict(405, "MethodNotAllowed")


def _check_topic_present(request: Request, _: Policy) -> Verdict | None:
    topic = request.headers.get(b"apns-topic")
    if not topic:
        return Verdict(400, "MissingTopic")
    return None if _topic(topic) else Verdict(400, "BadTopic")


def _check_collapse_id(request: Request, _: Policy) -> Verdict | None:
    value = request.headers.get(b"apns-collapse-id", b"")
    return Verdict(400, "BadCollapseId") if len(value) > MAX_COLLAPSE_ID else None


def _check_expiration(request: Request, _: Policy) -> Verdict | None:
    value = request.headers.get(b"apns-expiration")
    return Verdict(400, "BadExpirationDate") if value is not None and not is_expiration(value) else None


def _check_priority(request: Request, _: Policy) -> Verdict | None:
    allowed = PRIORITIES.get(request.push_type, ANY_PRIORITY)
    return None if request.headers.get(b"apns-priority", b"10") in allowed else Verdict(400, "BadPriority")


def _check_push_type(request: Request, _: Policy) -> Verdict | None:
    return None if request.push_type in TOPIC_SUFFIXES else Verdict(400, "InvalidPushType")


def _check_path(request: Request, _: Policy) -> Verdict | None:
    path = request.headers.get(b":path", b"")
    if not path.startswith(PREFIX):
        return Verdict(404, "BadPath")
    token = path[len(PREFIX) :]
    if not token:
        return Verdict(400, "MissingDeviceToken")
    return None if _token(token) else WRONG_TOKEN


def _check_token(request: Request, policy: Policy) -> Verdict | None:
    entry = request.entry
    if entry is None:
        # If the sender may not use the topic, the answer says that, and nothing about the token.
        return None if policy.accept_unknown_tokens else _check_topic(request, policy) or WRONG_TOKEN
    if entry.dead_since is not None:
        return Verdict(410, "Unregistered", entry.dead_since)
    if request.headers[b"apns-topic"] != entry.topic:
        return Verdict(400, "DeviceTokenNotForTopic")
    return None


def _check_provider_token(request: Request, _: Policy) -> Verdict | None:
    return Verdict(*request.auth_problem) if request.auth_problem is not None else None


def _check_topic(request: Request, policy: Policy) -> Verdict | None:
    topic = request.headers[b"apns-topic"]
    if topic == policy.bundle_id + TOPIC_SUFFIXES[request.push_type]:
        return None
    ours = topic.startswith(policy.bundle_id)
    return Verdict(400, "DeviceTokenNotForTopic" if ours else "TopicDisallowed")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _too_deep(body: bytes, document: Any) -> bool:
    # Deeper documents could be read here, but not be written again by all code that shows them.
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return False
    level = [document]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return False
    return True


_decode = json.JSONDecoder(parse_constant=_refuse_constant).decode


def _check_body(request: Request, _: Policy) -> Verdict | None:
    if request.length > (MAX_VOIP_BODY if request.push_type == b"voip" else MAX_BODY):
        return Verdict(413, "PayloadTooLarge")
    document = decode_document(request.body)
    if document is None:
        return Verdict(400, "PayloadEmpty")
    request.document = document
    return None


def decode_document(body: bytes) -> dict[str, Any] | None:
    """The JSON object that a body is; None if it is none, or an empty one."""
    try:
        document = _decode(body.decode())
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and document and not _too_deep(body, document) else None


ORDER: tuple[Check, ...] = (
    _check_repeated,
    _check_message_id,
    _check_method,
    _check_topic_present,
    _check_collapse_id,
    _check_expiration,
    _check_priority,
    _check_push_type,
    _check_path,
    _check_provider_token,
    _check_token,
    _check_topic,
    _check_body,
)
