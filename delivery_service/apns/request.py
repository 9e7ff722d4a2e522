"""The pushes of a Deliver request as HTTP requests to APNs, and how APNs' answers read.

A push with a malformed target gets no request but the reason why there can be none.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hpack import HeaderTuple, NeverIndexedHeaderTuple
from smith.delivery.v1.delivery_pb2 import Environment, Push, PushType, Target

from delivery_service.apns.http_request import ApnsRequest, BroadcastRequest
from delivery_service.targets import places_of
from service_kit.tracing import Origin

MAX_PAYLOAD_BYTES = 4096
MAX_BROADCAST_BYTES = 5120
MAX_COLLAPSE_ID_BYTES = 64
MAX_ANSWER_BYTES = 4096
MAX_REASON_CHARACTERS = 64
PRIORITIES = frozenset((1, 5, 10))
LAST_EXPIRY = 253_402_300_799
"""End of the year 9999, the latest moment a Timestamp can hold."""

TOKEN = re.compile(r"(?:[0-9a-fA-F]{2}){8,200}")
CHANNEL_ID = re.compile(r"[A-Za-z0-9+/=_-]{1,200}")
"""Apple: base64, and no size is to be assumed."""
APNS_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
BUNDLE_ID = re.compile(r"[A-Za-z0-9.-]{1,155}")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")

PUSH_TYPES: dict[int, tuple[bytes, str]] = {
    PushType.PUSH_TYPE_ALERT: (b"alert", ""),
    PushType.PUSH_TYPE_BACKGROUND: (b"background", ""),
    PushType.PUSH_TYPE_LIVE_ACTIVITY: (b"liveactivity", ".push-type.liveactivity"),
    PushType.PUSH_TYPE_BROADCAST: (b"liveactivity", ""),
}
"""The `apns-push-type` header and the suffix of the topic, as APNs wants them. A broadcast has no topic."""

ENVIRONMENTS = frozenset((Environment.ENVIRONMENT_PRODUCTION, Environment.ENVIRONMENT_SANDBOX))


@dataclass(frozen=True, slots=True)
class Job:
    """One target of a Deliver request."""

    index: int
    environment: "Environment.ValueType"
    request: ApnsRequest | None
    origin: Origin
    """The client's request that it is sent for."""
    fault: str
    """Reason why there is no request; empty if there is one."""


def jobs_of(pushes: Iterable[Push], default_topic: str) -> Iterator[Job]:
    """A job for every target that is a phone. A malformed target becomes a job with a fault."""
    for push, places in places_of(pushes, browsers=False):
        template = _Template(push, default_topic)
        for place in places:
            index, target, origin = place.index, place.target, place.origin
            fault = template.fault or _fault_of(target, is_broadcast=template.is_broadcast)
            headers = None if fault else template.headers_for(target.bundle_id)
            if headers is None:
                yield Job(index, target.environment, None, origin, fault or template.topic_fault(target.bundle_id))
            else:
                yield Job(index, target.environment, template.request(target, headers), origin, "")


def _fault_of(target: Target, *, is_broadcast: bool) -> str:
    if is_broadcast and not CHANNEL_ID.fullmatch(target.token):
        return "MalformedChannelId"
    if not is_broadcast and not TOKEN.fullmatch(target.token):
        return "MalformedToken"
    if not APNS_ID.fullmatch(target.apns_id):
        return "BadMessageId"
    if target.environment not in ENVIRONMENTS:
        return "UnknownEnvironment"
    return ""


class _Template:
    """The parts that all targets of one push share, checked and encoded once."""

    def __init__(self, push: Push, default_topic: str) -> None:
        self.payload = push.payload
        self.fault = _fault_of_push(push)
        self.is_broadcast = push.push_type == PushType.PUSH_TYPE_BROADCAST
        self._default_topic = default_topic
        self._by_bundle_id: dict[str, tuple[HeaderTuple, ...] | None] = {}
        if not self.fault:
            self._shared, self._suffix = _shared_headers(push)

    def headers_for(self, bundle_id: str) -> tuple[HeaderTuple, ...] | None:
        """The headers for targets of this app; None if there is no topic to send to."""
        if bundle_id not in self._by_bundle_id:
            topic = bundle_id or self._default_topic
            named = () if self.is_broadcast else (HeaderTuple(b"apns-topic", (topic + self._suffix).encode()),)
            self._by_bundle_id[bundle_id] = (*named, *self._shared) if BUNDLE_ID.fullmatch(topic) else None
        return self._by_bundle_id[bundle_id]

    def request(self, target: Target, headers: tuple[HeaderTuple, ...]) -> ApnsRequest:
        """The request to this target."""
        if self.is_broadcast:
            bundle_id = target.bundle_id or self._default_topic
            return BroadcastRequest(target.token, target.apns_id, self.payload, headers, bundle_id)
        return ApnsRequest(target.token, target.apns_id, self.payload, headers)

    def topic_fault(self, bundle_id: str) -> str:
        """Why `headers_for` found no topic."""
        return "MalformedBundleId" if bundle_id or self._default_topic else "MissingBundleId"


def _fault_of_push(push: Push) -> str:
    collapse_id = push.collapse_id
    most = MAX_BROADCAST_BYTES if push.push_type == PushType.PUSH_TYPE_BROADCAST else MAX_PAYLOAD_BYTES
    broken = {
        "UnknownPushType": push.push_type not in PUSH_TYPES,
        "PayloadEmpty": not push.payload,
        "PayloadTooLarge": len(push.payload) > most,
        "BadCollapseId": len(collapse_id.encode()) > MAX_COLLAPSE_ID_BYTES
        or CONTROL.search(collapse_id) is not None
        # White space around a header's value would be lost on the way (RFC 9110, section 5.5).
        or collapse_id != collapse_id.strip(),
        "BadPriority": push.priority not in PRIORITIES,
        "BadExpirationDate": not 0 <= push.expires_at.seconds <= LAST_EXPIRY,
    }
    return next((reason for reason, is_so in broken.items() if is_so), "")


def _shared_headers(push: Push) -> tuple[tuple[HeaderTuple, ...], str]:
    push_type, suffix = PUSH_TYPES[push.push_type]
    headers: list[HeaderTuple] = [
        HeaderTuple(b"apns-push-type", push_type),
        HeaderTuple(b"apns-priority", b"%d" % push.priority),
    ]
    # Not indexed: a value that is used once would push lasting ones out of HPACK's table.
    once_only = NeverIndexedHeaderTuple if len(push.targets) == 1 else HeaderTuple
    # With 0 APNs tries once and stores nothing; without the header it would store the push for a time of its choice.
    expiry = push.expires_at.seconds if push.HasField("expires_at") else 0
    headers.append(once_only(b"apns-expiration", b"%d" % expiry) if expiry else HeaderTuple(b"apns-expiration", b"0"))
    if push.collapse_id:
        headers.append(once_only(b"apns-collapse-id", push.collapse_id.encode()))
    return tuple(headers), suffix


def read_error(body: bytes) -> tuple[str, int | None]:
    """Reason and timestamp (UNIX milliseconds) of an error's body; each is empty if APNs did not write it."""
    try:
        said = json.loads(body) if body else None
    except (ValueError, RecursionError):
        return "", None
    if not isinstance(said, dict):
        return "", None
    reason, timestamp = said.get("reason"), said.get("timestamp")
    if not (isinstance(reason, str) and reason.isascii() and reason.isprintable()):
        reason = ""
    return (
        reason[:MAX_REASON_CHARACTERS],
        timestamp if isinstance(timestamp, int) and not isinstance(timestamp, bool) else None,
    )
