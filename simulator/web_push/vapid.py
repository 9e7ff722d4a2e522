"""Checks who sends (RFC 8292): a token signed with the key that the subscription was made with."""

import hmac
import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from simulator.web_push import base64url

LIFETIME = 24 * 3600
"""Seconds by which `exp` may be ahead at most."""
UNREACHABLE = ("localhost", "local", "invalid", "test", "internal")
"""Ends of names that no operator can be reached at. Apple refuses them in `sub`."""

_PARAMETER = re.compile(r'\s*([A-Za-z]+)\s*=\s*"?([A-Za-z0-9_.=-]+)"?\s*')


class Fault(StrEnum):
    """What is wrong with an Authorization header."""

    MISSING = "the Authorization header is missing or not that of VAPID"
    SIGNATURE = "the token is not signed with its key"
    OTHER_KEY = "the key is not the one that the subscription was made with"
    AUDIENCE = "aud is not the origin of this push service"
    EXPIRY = "exp must be in the future and at most 24 hours ahead"
    SUBJECT = "sub must be a mailto: or https: address at which the sender can be reached"


@dataclass(frozen=True)
class VapidRules:
    """What a push service asks of `sub`."""

    needs_subject: bool
    """Whether it must be there, as a mailto: or https: URI."""
    needs_reachable_subject: bool
    """Whether its host must look like one on the internet."""


def fault_of(authorization: str | None, key: bytes, origin: str, rules: VapidRules, now: float) -> Fault | None:
    """Why a request to `origin` for a subscription made with `key` is refused at `now` (UNIX seconds), or None."""
    scheme, _, rest = (authorization or "").partition(" ")
    given = {match[1]: match[2] for part in rest.split(",") if (match := _PARAMETER.fullmatch(part))}
    if scheme.lower() != "vapid" or not given.keys() >= {"t", "k"}:
        return Fault.MISSING
    try:
        sent_key = base64url.decode(given["k"])
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sent_key)
        claims = jwt.decode(
            given["t"],
            public,
            algorithms=["ES256"],
            # They are checked below, so that each has its own answer.
            options={"verify_exp": False, "verify_aud": False, "verify_iat": False, "verify_sub": False},
        )
    except (jwt.PyJWTError, ValueError, RecursionError):
        return Fault.SIGNATURE
    if not hmac.compare_digest(sent_key, key):
        return Fault.OTHER_KEY
    return _fault_of_claims(claims, origin, rules, now)


def _fault_of_claims(claims: dict[str, Any], origin: str, rules: VapidRules, now: float) -> Fault | None:
    expires, subject = claims.get("exp"), claims.get("sub")
    if claims.get("aud") != origin:
        return Fault.AUDIENCE
    if not isinstance(expires, int | float) or not now < expires <= now + LIFETIME:
        return Fault.EXPIRY
    if rules.needs_subject and not _is_address(subject):
        return Fault.SUBJECT
    if rules.needs_reachable_subject and not _is_reachable(str(subject)):
        return Fault.SUBJECT
    return None


def _is_address(subject: Any) -> bool:
    return isinstance(subject, str) and subject.startswith(("mailto:", "https://"))


def _is_reachable(subject: str) -> bool:
    try:
        host = subject.rpartition("@")[2] if subject.startswith("mailto:") else urlsplit(subject).hostname or ""
    except ValueError:
        return False
    labels = host.lower().split(".")
    if len(labels) < 2 or not all(labels) or labels[-1] in UNREACHABLE:
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False
