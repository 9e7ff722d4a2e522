"""What APNs' answer to a check means for the credentials, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum

from core_service.apns_check.port import CheckAnswer
from core_service.sending.port import Concern, OutcomeKind
from core_service.sending.reasons import QUEUED, UNKNOWN, Meaning, meaning


class CheckResult(StrEnum):
    """The conclusion of a check."""

    WORKING = "working"
    MISCONFIGURED = "misconfigured"
    UNREACHABLE = "unreachable"
    """No answer came."""
    UNCLEAR = "unclear"
    """APNs answered, and the answer decides nothing."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What an answer means."""

    result: CheckResult
    meaning: str
    advice: str = ""
    """Empty if there is nothing to do."""


WORKING = Explanation(
    CheckResult.WORKING,
    "APNs knows the key and the team and takes pushes for this app: it refused nothing but the made-up device token.",
)
SIMULATED = Explanation(
    CheckResult.WORKING,
    "The simulator takes pushes for this app. It says nothing of credentials with Apple: nothing leaves this "
    "installation.",
    "To reach real phones, give the delivery service a key of your own: SMITH_APNS_KEY_FILE and what belongs to it.",
)
SIMULATOR_AWAY = Explanation(
    CheckResult.UNREACHABLE,
    "The simulator, which stands in for APNs, did not answer.",
    "See that the simulator runs; its log says more. Pushes are kept and go out afterwards.",
)
WRONG = (Concern.SENDER, Concern.TOPIC, Concern.TOKEN_OR_SERVER)
"""Concerns of reasons that speak against the settings."""


def explain(answer: CheckAnswer) -> Explanation:
    """What the answer means."""
    why = meaning(answer.reason)
    if not answer.reason or why.verdict is OutcomeKind.TOKEN_DEAD:
        return SIMULATED if answer.simulated else WORKING
    if answer.misconfigured and why is UNKNOWN:
        why = meaning("Http403")
    if answer.misconfigured or why.concern in WRONG:
        return Explanation(CheckResult.MISCONFIGURED, why.explanation, why.advice)
    if answer.answered:
        text = f"APNs has answered {answer.reason}." if why is UNKNOWN else why.explanation
        return Explanation(CheckResult.UNCLEAR, text, _again(why))
    if answer.simulated:
        return SIMULATOR_AWAY
    return Explanation(CheckResult.UNREACHABLE, why.explanation, f"{why.advice} {QUEUED}")


def _again(why: Meaning) -> str:
    minutes = round(why.retry_after_seconds / 60) or 1
    when = "a minute" if minutes == 1 else f"{minutes} minutes"
    return f"{why.advice} Check again in {when}.".strip()
