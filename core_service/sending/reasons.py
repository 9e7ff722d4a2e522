"""What a reason means. It is read from the delivery service's table (`smith/delivery/v1/reason.proto`), which is the
only one."""

from dataclasses import dataclass

from smith.delivery.v1.reason_pb2 import Concern as ConcernNumber
from smith.delivery.v1.reason_pb2 import Meaning as Entry
from smith.delivery.v1.reason_pb2 import OutcomeKind as KindNumber
from smith.delivery.v1.reason_pb2 import Reason

from core_service.sending.port import ROUTE_STOPPED, Concern, OutcomeKind
from service_kit.enum_words import by_word

QUEUED = "Everything stays queued and goes out by itself."
DELIVERY_PREFIX = "Delivery"
"""What core's own reasons begin with if the delivery service does not answer; the name of a gRPC status follows."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a reason means."""

    verdict: OutcomeKind
    """What becomes of the push."""
    concern: Concern
    explanation: str
    """A sentence for people."""
    advice: str
    """What to do about it, in a sentence or more; empty if nothing is to be done."""
    retry_after_seconds: float
    of_route: tuple[str, str]
    """Explanation and advice if it stops a route to APNs: most tokens are refused then, and not one."""


def _meaning(entry: Entry) -> Meaning:
    many = entry.if_many if entry.HasField("if_many") else entry
    return Meaning(
        OutcomeKind[KindNumber.Name(entry.kind).removeprefix("OUTCOME_KIND_")],
        Concern[ConcernNumber.Name(entry.concern).removeprefix("CONCERN_")],
        entry.explanation,
        entry.advice,
        entry.retry_after_ms / 1000,
        (many.explanation, many.advice),
    )


BY_WORD = {word: _meaning(said) for word, (_, said) in by_word(Reason.DESCRIPTOR, ConcernNumber.DESCRIPTOR).items()}
UNKNOWN = BY_WORD["Unknown"]
REFUSED = BY_WORD["Http403"]
"""APNs refuses the sender for a reason that is not in the table."""

STOPPING = frozenset(
    word
    for word, known in BY_WORD.items()
    if known.verdict is OutcomeKind.MISCONFIGURED or known.concern is Concern.TOKEN_OR_SERVER
) | {ROUTE_STOPPED}
"""Reasons of pushes that wait because a route is stopped. The route has an alarm of its own."""


def meaning(reason: str) -> Meaning:
    """What the reason means for the push that failed for it."""
    known = BY_WORD.get(reason)
    if known is not None:
        return known
    return BY_WORD["DeliveryUnavailable"] if reason.startswith(DELIVERY_PREFIX) else UNKNOWN


def is_servers_fault(reason: str) -> bool:
    """Whether the server's settings alone are to blame."""
    return reason == ROUTE_STOPPED or BY_WORD.get(reason, UNKNOWN).verdict is OutcomeKind.MISCONFIGURED


def of_route(reason: str) -> tuple[str, str]:
    """Explanation and advice for people whose route is stopped for this reason."""
    return BY_WORD.get(reason, REFUSED).of_route
