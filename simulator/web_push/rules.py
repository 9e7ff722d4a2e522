"""The rules for a message's headers and size (RFC 8030), before anything is decrypted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from simulator.web_push.answers import Refusal
from simulator.web_push.kinds import Kind

MAX_BODY = 4096
MAX_TTL = 30 * 86_400
"""Seconds that a message is held at most."""
URGENCIES = ("very-low", "low", "normal", "high")

_topic = re.compile(r"[A-Za-z0-9_-]{1,32}").fullmatch
_seconds = re.compile(r"[0-9]{1,10}").fullmatch


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the headers ask for."""

    ttl: int
    """Seconds that the message may be held; 0: it is delivered at once or never."""
    urgency: str
    topic: str | None


def read(kind: Kind, headers: Mapping[str, str], size: int) -> Wanted | Refusal:
    """What the headers of a message of `size` bytes ask a service of this kind for, or why it is refused."""
    ttl, urgency, topic = headers.get("ttl", ""), headers.get("urgency", "normal"), headers.get("topic")
    if not _seconds(ttl):
        return Refusal.NO_TTL
    if urgency not in URGENCIES:
        return Refusal.URGENCY
    if topic is not None and not (_topic(topic) and (kind is not Kind.APPLE or _is_base64url(topic))):
        return Refusal.TOPIC
    if size and headers.get("content-encoding") != "aes128gcm":
        return Refusal.ENCODING
    if size > MAX_BODY:
        return Refusal.TOO_LARGE
    return Wanted(min(int(ttl), MAX_TTL), urgency, topic)


def _is_base64url(topic: str) -> bool:
    """Whether it can be decoded, which Apple asks for: no base64url has 4n + 1 characters."""
    return len(topic) % 4 != 1
