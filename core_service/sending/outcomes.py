"""What an outcome means for what was sent: its state, and the wait until the next attempt."""

import random

from core_service.sending.models import DeliveryState
from core_service.sending.port import Outcome, OutcomeKind
from core_service.work_queue.retry import delay_seconds

STATES = {
    OutcomeKind.ACCEPTED: DeliveryState.ACCEPTED,
    OutcomeKind.RETRY: DeliveryState.DUE,
    OutcomeKind.MISCONFIGURED: DeliveryState.DUE,
    OutcomeKind.HELD: DeliveryState.DUE,
    OutcomeKind.TOKEN_DEAD: DeliveryState.TOKEN_DEAD,
    OutcomeKind.REJECTED: DeliveryState.REJECTED,
}


def next_delay_seconds(outcome: Outcome, attempts: int, jitter: random.Random) -> float:
    """The seconds until the next attempt after this many `attempts`; 0 if the outcome is final. After a dead token the
    next attempt is for the token that has replaced it."""
    if STATES[outcome.verdict] not in (DeliveryState.DUE, DeliveryState.TOKEN_DEAD):
        return 0.0
    return delay_seconds(outcome.retry_after_seconds, attempts if outcome.counts else 0, jitter)
