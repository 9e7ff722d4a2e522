"""What is known about a browser that receives pushes (RFC 8030): its subscription, and the service that it belongs to.

A subscription's endpoint is an address that a user chose, and this server calls it. So only the hosts of known push
services are taken, and what an operator names.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

MAX_ENDPOINT_CHARACTERS = 2048
"""Longer than any that browsers hand out. An index has room for 2,700 bytes."""
KEY_BYTES, SECRET_BYTES = 65, 16
"""RFC 8291, section 2.1: an uncompressed point on P-256, and the authentication secret."""


class PushService(StrEnum):
    """Who runs a push service. What a browser can show follows from it."""

    APPLE = "apple"
    """Safari, on iPhones and Macs: a new notification never takes the place of another."""
    GOOGLE = "google"
    """Chrome and browsers made from it."""
    MOZILLA = "mozilla"
    MICROSOFT = "microsoft"
    """Edge on Windows."""
    OTHER = "other"
    """A service that the operator has named."""

    @property
    def replaces(self) -> bool:
        """Whether a notification takes the place of an earlier one with the same tag."""
        return self is not PushService.APPLE


_HOSTS: Mapping[str, PushService] = {
    "push.apple.com": PushService.APPLE,
    "fcm.googleapis.com": PushService.GOOGLE,
    # What builds of Chromium without Google's branding use.
    "jmt17.google.com": PushService.GOOGLE,
    "push.services.mozilla.com": PushService.MOZILLA,
    "notify.windows.com": PushService.MICROSOFT,
}
"""Hosts of push services; those beneath them belong to them too."""

ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?|https?://\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")


class BadSubscription(ValueError):
    """A subscription that cannot be used. `field` is the part that is wrong; the message says what it must be."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a browser hands out to be pushed to. Who knows it can only send what is signed with the server's key."""

    endpoint: str
    """The URL that takes its pushes."""
    p256dh: bytes
    """Its public key: an uncompressed point on P-256."""
    auth: bytes
    """Its authentication secret, 16 bytes."""

    @classmethod
    def of(cls, endpoint: str, p256dh: str, auth: str) -> "Subscription":
        """The subscription from the texts that a browser gives. Raises BadSubscription."""
        key = _decode(p256dh, "keys.p256dh")
        try:
            if len(key) != KEY_BYTES:
                raise ValueError
            # Settings name this module too, and need none of it.
            from cryptography.hazmat.primitives.asymmetric import ec

            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
        except ValueError:
            message = "must be a point on P-256, 65 bytes in base64url"
            raise BadSubscription("keys.p256dh", message) from None
        secret = _decode(auth, "keys.auth")
        if len(secret) != SECRET_BYTES:
            raise BadSubscription("keys.auth", "must be 16 bytes in base64url")
        return cls(endpoint, key, secret)

    @property
    def token(self) -> str:
        """The subscription in one text, as it is stored in the place of an APNs token."""
        return f"{self.endpoint} {_encode(self.p256dh)} {_encode(self.auth)}"

    @staticmethod
    def is_token(token: str) -> bool:
        """Whether `token` has written it, and not APNs: that one's have digits only."""
        return " " in token

    @classmethod
    def from_token(cls, token: str) -> "Subscription":
        """The subscription that `token` has written. Raises BadSubscription."""
        parts = token.split(" ")
        if len(parts) != 3:
            raise BadSubscription("endpoint", "is not a subscription")
        return cls.of(*parts)


class PushServices:
    """The push services whose endpoints may be called: those of browser makers, and what the operator names."""

    def __init__(self, allowed: Mapping[str, PushService] | None = None) -> None:
        """`allowed`: further origins, as `parse_allowed` reads them."""
        self._allowed = dict(allowed or {})

    def service_of(self, endpoint: str) -> PushService:
        """The service that the endpoint belongs to. Raises BadSubscription if it may not be called."""
        if len(endpoint) > MAX_ENDPOINT_CHARACTERS or not endpoint.isascii() or not endpoint.isprintable():
            raise BadSubscription("endpoint", f"must be a URL of at most {MAX_ENDPOINT_CHARACTERS} characters")
        try:
            url = urlsplit(endpoint)
            host, port = url.hostname or "", url.port
        except ValueError:
            raise BadSubscription("endpoint", "must be a URL") from None
        if " " in endpoint or "@" in url.netloc or url.fragment or not host:
            raise BadSubscription("endpoint", "must be the URL of a push service")
        if (named := self._allowed.get(f"{url.scheme}://{url.netloc}".lower())) is not None:
            return named
        if url.scheme != "https" or port not in (None, 443):
            raise BadSubscription("endpoint", "must be an https:// URL on port 443")
        labels = host.lower().split(".")
        known = (_HOSTS.get(".".join(labels[start:])) for start in range(len(labels)))
        service = next((found for found in known if found is not None), None)
        if service is None:
            raise BadSubscription(
                "endpoint", "is not that of a known push service; SMITH_WEBPUSH_ALLOW can name others"
            )
        return service

    def is_named(self, origin: str) -> bool:
        """Whether the operator has named this origin, which then may be at any address."""
        return origin.lower() in self._allowed


def parse_allowed(text: str) -> dict[str, PushService]:
    """The origins of SMITH_WEBPUSH_ALLOW, separated by commas: `https://push.example.com`. `apple=` and the like before
    one say that its browsers behave as that maker's. Raises ValueError."""
    found = {}
    for part in filter(None, map(str.strip, text.split(","))):
        kind, equals, origin = part.rpartition("=")
        if equals and kind not in list(PushService):
            raise ValueError(f"{part!r}: {kind!r} is none of {', '.join(PushService)}")
        if not ORIGIN.fullmatch(origin):
            raise ValueError(f"{part!r} is not an origin like https://push.example.com")
        found[origin.lower()] = PushService(kind or PushService.OTHER)
    return found


def _is_readable(text: str) -> str:
    parse_allowed(text)
    return text


AllowedOrigins = Annotated[str, AfterValidator(_is_readable)]
"""A setting that `parse_allowed` reads."""


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str, field: str) -> bytes:
    """Base64url, with or without padding; browsers differ."""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadSubscription(field, "must be base64url") from None
