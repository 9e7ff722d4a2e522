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
    """What is wrong, in a sentence for operators."""
    advice: str
    """What to do about it, in a sentence or two."""


KEYS = "in your Apple developer account under Certificates, Identifiers & Profiles > Keys"
COMPARE = "Compare the APNs settings of the delivery service with your Apple developer account."
NO_PROXY = "Let the delivery service talk to APNs without a proxy in between."
OTHER_KEY = "Use a key for this environment, or one for both."
SAME_APP = (
    "See that the app reports the environment and the bundle id that its tokens come from, and that the server's "
    "settings name the same."
)
QUEUED = "What is queued goes out by itself."


def _key(explanation: str, advice: str = COMPARE) -> Misconfiguration:
    return Misconfiguration(Reach.ENVIRONMENT, explanation, advice)


def _app(explanation: str, advice: str = COMPARE) -> Misconfiguration:
    return Misconfiguration(Reach.APP, explanation, advice)


BY_REASON: dict[str, Misconfiguration] = {
    "ProviderKeyMissing": _key(
        "No APNs key is set: SMITH_APNS_KEY_FILE, SMITH_APNS_KEY_ID and SMITH_APNS_TEAM_ID are needed.",
        f"Make a key {KEYS}, set the three variables and restart the delivery service.",
    ),
    "ProviderKeyUnreadable": _key(
        "The file of SMITH_APNS_KEY_FILE is missing or is not a readable P-256 key.",
        "Put the .p8 file as Apple handed it out there, readable for the delivery service. It is looked at again by "
        "itself.",
    ),
    "InvalidProviderToken": _key(
        "The APNs key, its id or the team id is wrong, or the key was revoked, or the clock of the delivery service's "
        "machine is ahead.",
        f"Compare SMITH_APNS_KEY_ID and SMITH_APNS_TEAM_ID with what is shown {KEYS}, and see that the key is still "
        "listed and is the one in SMITH_APNS_KEY_FILE. See that the machine's clock is right: APNs refuses tokens of "
        "the future in the same way.",
    ),
    "ExpiredProviderToken": _key(
        "The clock of the delivery service's machine is wrong.", "Have the machine's clock set by NTP."
    ),
    "MissingProviderToken": _key("APNs saw no provider token; a proxy may be dropping headers.", NO_PROXY),
    "ProxyAuthentication": _key(
        "The proxy of SMITH_APNS_PROXY asks for a user name and password, or for others than it was given.",
        "Put the proxy's user name and password into SMITH_APNS_PROXY, special characters percent-encoded "
        "(http://user:password@host:port), and restart the delivery service.",
    ),
    "ProxyForbidden": _key(
        "The proxy of SMITH_APNS_PROXY does not let this server connect to APNs.",
        "Have the proxy allow CONNECT to api.push.apple.com and api.sandbox.push.apple.com, port 443.",
    ),
    "UnrelatedKeyIdInToken": _key(
        "The id of the APNs key does not belong to the key.", f"Compare SMITH_APNS_KEY_ID with what is shown {KEYS}."
    ),
    "BadEnvironmentKeyIdInToken": _key("The APNs key belongs to the other environment.", OTHER_KEY),
    "BadEnvironmentKeyInToken": _key("The APNs key belongs to the other environment.", OTHER_KEY),
    "BadCertificate": _key("APNs refuses the client certificate."),
    "BadCertificateEnvironment": _key("The client certificate belongs to the other environment."),
    "Forbidden": _key(
        "APNs forbids this sender.",
        "Ask Apple: your membership may have lapsed, or agreements may be waiting for you.",
    ),
    "TopicDisallowed": _app(
        "The APNs key may not send to this bundle id.",
        "Use a key of the team that the app belongs to, and one that is not limited to other apps; and compare the "
        "bundle id with the app's.",
    ),
    "TopicMismatch": _app("The bundle id is not one of the client certificate."),
    "BadTopic": _app("APNs does not know the bundle id.", "Compare the bundle id with the app's in Xcode."),
    "MissingTopic": _app("APNs saw no topic; a proxy may be dropping headers.", NO_PROXY),
    "BadDeviceToken": _app("Most device tokens are refused: the environment is probably wrong.", SAME_APP),
    "DeviceTokenNotForTopic": _app("Most device tokens are refused: the bundle id is probably wrong.", SAME_APP),
}

REFUSED_TOKEN = frozenset(("BadDeviceToken", "DeviceTokenNotForTopic"))
"""Reasons that are said of one token, and of every token if the environment or the topic is wrong."""

_UNKNOWN = _app("APNs refuses this sender for a reason that this server does not know.")


def misconfiguration(reason: str) -> Misconfiguration:
    """What `reason` means. An unknown one is held to concern as few as possible."""
    return BY_REASON.get(reason, _UNKNOWN)


def advice(reason: str) -> str:
    """What to do about a line that is stopped for `reason`, and what becomes of the pushes, in sentences for people."""
    return f"{misconfiguration(reason).advice} {QUEUED}"
