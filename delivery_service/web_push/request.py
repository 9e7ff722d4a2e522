"""How push services want a push written as an HTTP request (RFC 8030)."""

import base64
import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from smith.delivery.v1.delivery_pb2 import Push

from delivery_service.apns.request import LAST_EXPIRY
from delivery_service.targets import places_of
from delivery_service.web_push.connection import Headers
from delivery_service.web_push.encryption import MAX_PAYLOAD_BYTES
from service_kit.tracing import Origin
from service_kit.web_push import BadSubscription, PushService, PushServices, Subscription

MAX_TTL = 28 * 24 * 3600
"""Seconds. The least that services of browser makers take as the most."""
TOPIC_BYTES = 24
"""Bytes of the hash that a Topic is made of: 32 characters, the most that RFC 8030 allows. Apple refuses lengths that
base64url never has."""
URGENCIES = {10: b"high", 5: b"normal", 1: b"low"}
"""By the priority that APNs has for it."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent to one browser."""

    service: PushService
    subscription: Subscription
    payload: bytes
    """In clear."""
    expires_at: float
    """UNIX seconds; 0 if it is not to be kept by the push service."""
    headers: tuple[tuple[bytes, bytes], ...]
    """Those of the push, the same for all of its browsers."""

    @property
    def origin(self) -> str:
        """That of the endpoint, as RFC 6454 writes it: in lower case, without a usual port."""
        parts = urlsplit(self.subscription.endpoint)
        netloc = parts.netloc.lower()
        return f"{parts.scheme}://{netloc.removesuffix(':443') if parts.scheme == 'https' else netloc}"

    @property
    def path(self) -> str:
        """What is asked for at the origin: path and query of the endpoint."""
        parts = urlsplit(self.subscription.endpoint)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def headers_for(self, now: float, authorization: bytes, body: bytes) -> Headers:
        """All headers of the request with this body."""
        return [
            (b"Host", urlsplit(self.subscription.endpoint).netloc.encode()),
            (b"Authorization", authorization),
            (b"TTL", b"%d" % self._ttl(now)),
            *self.headers,
            (b"Content-Encoding", b"aes128gcm"),
            (b"Content-Type", b"application/octet-stream"),
            (b"Content-Length", b"%d" % len(body)),
        ]

    def _ttl(self, now: float) -> int:
        """Seconds. 0 would lose it for a browser that is away, so at the very end it is 1."""
        return min(max(1, math.ceil(self.expires_at - now)), MAX_TTL) if self.expires_at else 0


@dataclass(frozen=True, slots=True)
class WebJob:
    """One browser of a Deliver request. Its token was not looked at yet: that takes time."""

    index: int
    token: str
    template: "Template"
    origin: Origin
    """The client's request that it is sent for."""

    @property
    def host(self) -> str:
        """The part of the token that should be scheme and host of its endpoint: jobs with the same are for one push
        service."""
        return "/".join(self.token.split("/", 3)[:3])

    def message(self, services: PushServices) -> Message | str:
        """What is to be sent, or the reason why nothing can be."""
        if self.template.fault:
            return self.template.fault
        try:
            subscription = Subscription.from_token(self.token)
        except BadSubscription:
            return "MalformedSubscription"
        try:
            service = services.service_of(subscription.endpoint)
        except BadSubscription:
            return "PushServiceNotAllowed"
        template = self.template
        return Message(service, subscription, template.payload, template.expires_at, template.headers)


def jobs_of(pushes: Iterable[Push]) -> Iterator[WebJob]:
    """A job for every target that is a browser."""
    for push, places in places_of(pushes, browsers=True):
        template = Template.of(push)
        for place in places:
            yield WebJob(place.index, place.target.token, template, place.origin)


@dataclass(frozen=True, slots=True)
class Template:
    """The parts that all targets of one push share."""

    payload: bytes
    expires_at: float
    headers: tuple[tuple[bytes, bytes], ...]
    fault: str
    """Reason why the push cannot be sent; empty if it can."""

    @classmethod
    def of(cls, push: Push) -> "Template":
        """That of a push."""
        expires_at = push.expires_at.seconds + push.expires_at.nanos / 1e9 if push.HasField("expires_at") else 0.0
        fault = _fault_of_push(push)
        return cls(push.payload, expires_at, () if fault else _headers_of(push), fault)


def _fault_of_push(push: Push) -> str:
    if not push.payload:
        return "PayloadEmpty"
    if len(push.payload) > MAX_PAYLOAD_BYTES:
        return "WebPushTooLarge"
    if push.priority not in URGENCIES:
        return "BadPriority"
    return "" if 0 <= push.expires_at.seconds <= LAST_EXPIRY else "BadExpirationDate"


def _headers_of(push: Push) -> tuple[tuple[bytes, bytes], ...]:
    headers = [(b"Urgency", URGENCIES[push.priority])]
    if push.collapse_id:
        headers.append((b"Topic", topic_of(push.collapse_id)))
    return tuple(headers)


def topic_of(collapse_id: str) -> bytes:
    """The Topic header under which a push service keeps only the latest push: 32 characters of base64url."""
    return base64.urlsafe_b64encode(hashlib.sha256(collapse_id.encode()).digest()[:TOPIC_BYTES])
