"""What APNs' answer to a check means, in plain words, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum

from core_service.apns_check.port import Answer
from core_service.sending.misconfiguration import BY_REASON, COMPARE
from core_service.sending.trouble import UNKNOWN, trouble


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


WORKING = Explanation(
    Result.WORKING,
    "APNs knows the key and the team and takes pushes for this app: it refused nothing but the made-up device token.",
)
SIMULATED = Explanation(
    Result.WORKING,
    "The simulator takes pushes for this app. It says nothing of credentials with Apple: nothing leaves this "
    "installation.",
    "To reach real phones, give the delivery service a key of your own: SMITH_APNS_KEY_FILE and what belongs to it.",
)
SIMULATOR_AWAY = Explanation(
    Result.UNREACHABLE,
    "The simulator, which stands in for APNs, did not answer.",
    "See that the simulator runs; its log says more. Pushes are kept and go out afterwards.",
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
"""What a check alone can conclude; what else a reason means is told by the courier's tables."""
CHECK_AGAIN: dict[str, str] = {
    "TooManyRequests": "Check again in a minute.",
    "TooManyProviderTokenUpdates": "Another program seems to use the same key with a token of its own. Check again in "
    "20 minutes.",
    "InternalServerError": "Check again in 15 minutes.",
    "ServiceUnavailable": "Check again in 15 minutes.",
}


def explain(answer: Answer) -> Explanation:
    """What the answer means."""
    known = REASONS.get(answer.reason)
    if known is not None:
        return SIMULATED if known is WORKING and answer.simulated else known
    if answer.misconfigured:
        return _misconfigured(answer.reason)
    why = trouble(answer.reason)
    if answer.answered:
        meaning = f"APNs has answered {answer.reason}." if why is UNKNOWN else why.explanation
        return Explanation(Result.UNCLEAR, meaning, CHECK_AGAIN.get(answer.reason, "Check again later."))
    return SIMULATOR_AWAY if answer.simulated else Explanation(Result.UNREACHABLE, why.explanation, why.advice)


def _misconfigured(reason: str) -> Explanation:
    cause = BY_REASON.get(reason)
    if cause is None:
        return Explanation(Result.MISCONFIGURED, f"APNs refuses this sender: {reason}.", COMPARE)
    return Explanation(Result.MISCONFIGURED, cause.explanation, cause.advice)
