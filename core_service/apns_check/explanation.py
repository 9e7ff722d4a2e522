"""What APNs' answer to a check means, in plain words, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum

from core_service.apns_check.port import Answer
from core_service.courier.misconfiguration import BY_REASON


class Result(StrEnum):
    """The conclusion."""

    WORKING = "working"
    MISCONFIGURED = "misconfigured"
    UNREACHABLE = "unreachable"
    """No answer came."""
    UNCLEAR = "unclear"
    """APNs has answered, and neither way."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What an answer means."""

    result: Result
    meaning: str
    advice: str = ""
    """Empty if nothing needs doing."""


KEYS = "in your Apple developer account under Certificates, Identifiers & Profiles > Keys"
WORKING = Explanation(
    Result.WORKING,
    "APNs knows the key and the team and takes pushes for this app: it refused nothing but the made-up device token.",
)
REASONS: dict[str, Explanation] = {
    "": WORKING,
    "BadDeviceToken": WORKING,
    "Unregistered": WORKING,
    "ExpiredToken": WORKING,
    "DeviceTokenNotForTopic": Explanation(
        Result.MISCONFIGURED,
        "APNs knows the key, but holds this bundle id to be wrong for it.",
        "Compare the bundle id, letter by letter, with the app's. If phones report none, set SMITH_APNS_TOPIC.",
    ),
    "TooManyRequests": Explanation(Result.UNCLEAR, "APNs asks to slow down.", "Check again in a minute."),
    "TooManyProviderTokenUpdates": Explanation(
        Result.UNCLEAR,
        "APNs has seen too many different provider tokens of this key lately.",
        "Another program seems to use the same key with a token of its own. Check again in 20 minutes.",
    ),
    "InternalServerError": Explanation(Result.UNCLEAR, "APNs has an error of its own.", "Check again in 15 minutes."),
    "ServiceUnavailable": Explanation(Result.UNCLEAR, "APNs is unavailable.", "Check again in 15 minutes."),
    "Shutdown": Explanation(Result.UNCLEAR, "The APNs server that answered is shutting down.", "Check again."),
    "ProxyUnreachable": Explanation(
        Result.UNREACHABLE,
        "The proxy of SMITH_APNS_PROXY cannot be reached, so APNs was not asked.",
        "See that the proxy runs at the host and port of SMITH_APNS_PROXY, and that the delivery service may connect "
        "to it. The delivery service's log names the address.",
    ),
    "ProxyCannotConnect": Explanation(
        Result.UNREACHABLE,
        "The proxy of SMITH_APNS_PROXY has no way to APNs.",
        "See that it is an HTTP proxy that takes CONNECT, and that it may connect to port 443 of Apple's hosts. The "
        "delivery service's log has its answer.",
    ),
    "MissingBundleId": Explanation(
        Result.MISCONFIGURED,
        "No bundle id is known: phones have reported none and none is configured.",
        "Set SMITH_APNS_TOPIC to the app's bundle id and restart the delivery service.",
    ),
    "MalformedBundleId": Explanation(
        Result.MISCONFIGURED,
        "The bundle id cannot be one.",
        "A bundle id has letters, digits, hyphens and periods only. Correct SMITH_APNS_TOPIC, or what the app reports.",
    ),
}

ADVICE: dict[str, str] = {
    "ProviderKeyMissing": f"Make a key {KEYS}, set the three variables and restart the delivery service.",
    "ProviderKeyUnreadable": "Put the .p8 file as Apple handed it out there, readable for the delivery service. It is "
    "looked at again by itself.",
    "InvalidProviderToken": f"Compare SMITH_APNS_KEY_ID and SMITH_APNS_TEAM_ID with what is shown {KEYS}, and see that "
    "the key is still listed and is the one in SMITH_APNS_KEY_FILE. See that the machine's clock is right: APNs "
    "refuses tokens of the future in the same way.",
    "ExpiredProviderToken": "Have the machine's clock set by NTP.",
    "MissingProviderToken": "Let the delivery service talk to APNs without a proxy in between.",
    "ProxyAuthentication": "Put the proxy's user name and password into SMITH_APNS_PROXY, special characters "
    "percent-encoded (http://user:password@host:port), and restart the delivery service.",
    "ProxyForbidden": "Have the proxy allow CONNECT to api.push.apple.com and api.sandbox.push.apple.com, port 443.",
    "UnrelatedKeyIdInToken": f"Compare SMITH_APNS_KEY_ID with what is shown {KEYS}.",
    "BadEnvironmentKeyIdInToken": "Use a key for this environment, or one for both.",
    "BadEnvironmentKeyInToken": "Use a key for this environment, or one for both.",
    "Forbidden": "Ask Apple: your membership may have lapsed, or agreements may be waiting for you.",
    "TopicDisallowed": "Use a key of the team that the app belongs to, and one that is not limited to other apps; and "
    "compare the bundle id with the app's.",
    "BadTopic": "Compare the bundle id with the app's in Xcode.",
    "MissingTopic": "Let the delivery service talk to APNs without a proxy in between.",
}
CHECK_SETTINGS = "Compare the APNs settings of the delivery service with your Apple developer account."


def explain(answer: Answer) -> Explanation:
    """What the answer means."""
    known = REASONS.get(answer.reason)
    if known is not None:
        return known
    if answer.misconfigured:
        cause = BY_REASON.get(answer.reason)
        meaning = cause.explanation if cause else f"APNs refuses this sender: {answer.reason}."
        return Explanation(Result.MISCONFIGURED, meaning, ADVICE.get(answer.reason, CHECK_SETTINGS))
    if answer.answered:
        return Explanation(Result.UNCLEAR, f"APNs has answered {answer.reason}.", "Check again later.")
    return Explanation(
        Result.UNREACHABLE,
        "APNs did not answer.",
        "See that the delivery service may open connections to port 443 of Apple's hosts, and that no proxy breaks TLS."
        " If that is so, Apple may have an outage: pushes are kept and go out afterwards.",
    )
