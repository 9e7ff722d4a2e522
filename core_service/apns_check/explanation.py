"""APNs' answer to a check: what it means for the credentials, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from core_service.sending.port import Concern, OutcomeKind
from core_service.sending.reasons import QUEUED, UNKNOWN, Meaning, meaning


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """APNs' answer to a push that can reach no phone."""

    reason: str
    """APNs' reason or the delivery service's; empty if APNs accepted the push."""
    topic: str
    """The bundle id that was asked about; empty if none is configured."""
    misconfigured: bool
    """Whether the reason is something that an operator has to change."""
    answered: bool
    """Whether APNs itself answered."""
    latency_ms: int
    simulated: bool = False
    """Whether the simulator answered instead of Apple."""


class ApnsChecker(Protocol):
    """Asks APNs."""

    async def ask(self, environment: str, bundle_id: str | None) -> CheckAnswer:
        """Returns APNs' answer for this environment and app; for the configured app if None.

        Raises Unavailable if APNs cannot be asked.
        """


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
