"""What is wrong when APNs refuses not a push but its sender, and whom that concerns.

The reasons are Apple's ("Handling notification responses from APNs") and the delivery service's.
"""

from dataclasses import dataclass
from enum import Enum, auto


class Reach(Enum):
    """How far a misconfiguration reaches."""

    ENVIRONMENT = auto()
    """Every app of the environment: key, team, clock."""
    APP = auto()
    """One app: its topic, or the environment that its phones are said to belong to."""


@dataclass(frozen=True, slots=True)
class Misconfiguration:
    """What a reason means."""

    reach: Reach
    explanation: str
    """What to do about it, in a sentence for operators."""


def _key(explanation: str) -> Misconfiguration:
    return Misconfiguration(Reach.ENVIRONMENT, explanation)


def _app(explanation: str) -> Misconfiguration:
    return Misconfiguration(Reach.APP, explanation)


BY_REASON: dict[str, Misconfiguration] = {
    "ProviderKeyMissing": _key(
        "No APNs key is set: SMITH_APNS_KEY_FILE, SMITH_APNS_KEY_ID and SMITH_APNS_TEAM_ID are needed."
    ),
    "ProviderKeyUnreadable": _key("The file of SMITH_APNS_KEY_FILE is missing or is not a readable P-256 key."),
    "InvalidProviderToken": _key(
        "The APNs key, its id or the team id is wrong, or the key was revoked, or the clock of the delivery service's "
        "machine is ahead."
    ),
    "ExpiredProviderToken": _key("The clock of the delivery service's machine is wrong."),
    "MissingProviderToken": _key("APNs saw no provider token; a proxy may be dropping headers."),
    "ProxyAuthentication": _key(
        "The proxy of SMITH_APNS_PROXY asks for a user name and password, or for others than it was given."
    ),
    "ProxyForbidden": _key("The proxy of SMITH_APNS_PROXY does not let this server connect to APNs."),
    "UnrelatedKeyIdInToken": _key("The id of the APNs key does not belong to the key."),
    "BadEnvironmentKeyIdInToken": _key("The APNs key belongs to the other environment."),
    "BadEnvironmentKeyInToken": _key("The APNs key belongs to the other environment."),
    "BadCertificate": _key("APNs refuses the client certificate."),
    "BadCertificateEnvironment": _key("The client certificate belongs to the other environment."),
    "Forbidden": _key("APNs forbids this sender."),
    "TopicDisallowed": _app("The APNs key may not send to this bundle id."),
    "TopicMismatch": _app("The bundle id is not one of the client certificate."),
    "BadTopic": _app("APNs does not know the bundle id."),
    "MissingTopic": _app("APNs saw no topic; a proxy may be dropping headers."),
    "BadDeviceToken": _app("Most device tokens are refused: the environment is probably wrong."),
    "DeviceTokenNotForTopic": _app("Most device tokens are refused: the bundle id is probably wrong."),
}

REFUSED_TOKEN = frozenset(("BadDeviceToken", "DeviceTokenNotForTopic"))
"""Reasons that are said of one token, and of every token if the environment or the topic is wrong."""

_UNKNOWN = _app("APNs refuses this sender for a reason that this server does not know.")


def misconfiguration(reason: str) -> Misconfiguration:
    """What `reason` means. An unknown one is held to concern as few as possible."""
    return BY_REASON.get(reason, _UNKNOWN)


def advice(reason: str) -> str:
    """What to do about a line that is stopped for `reason`, in a sentence for people."""
    if reason in REFUSED_TOKEN:
        return (
            "See that the app reports the environment and the bundle id that its tokens come from, and that the "
            "server's settings name the same; what is queued goes out by itself."
        )
    return "Correct the server's APNs settings; what is queued goes out by itself. Settings checks them."
