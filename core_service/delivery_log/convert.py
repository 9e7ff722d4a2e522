"""Attempts and verdicts as protobuf carries them."""

from smith.core.v1 import delivery_attempt_pb2 as nouns

from core_service.common.reading import to_timestamp
from core_service.delivery_log.service import Attempt, Explained
from core_service.sending.port import NO_DEVICE
from core_service.sending.reasons import meaning

EVENTS = {
    name: nouns.DeliveryEvent.Value(f"DELIVERY_EVENT_{name.upper()}")
    for name in ("alert", "start", "update", "end", "badge")
}
OUTCOMES = {
    name: nouns.DeliveryOutcome.Value(f"DELIVERY_OUTCOME_{name.upper()}")
    for name in ("accepted", "retry", "token_dead", "rejected", "misconfigured")
}


def to_attempt(attempt: Attempt) -> nouns.DeliveryAttempt:
    """The message."""
    by_broadcast = attempt.device_id == NO_DEVICE
    message = nouns.DeliveryAttempt(
        id=str(attempt.id),
        occurred_at=to_timestamp(attempt.occurred_at),
        device_id="" if by_broadcast else str(attempt.device_id),
        by_broadcast=by_broadcast,
        event=EVENTS[attempt.event],
        priority=attempt.priority,
        apns_id=str(attempt.apns_id),
        outcome=OUTCOMES[attempt.outcome],
        status_code=attempt.status_code,
        reason=attempt.reason or "",
        latency_ms=attempt.latency_ms,
        device_name=attempt.device_name,
        subject_title=attempt.subject_title,
    )
    if attempt.reason:
        message.concern = nouns.DeliveryConcern.Value(f"DELIVERY_CONCERN_{meaning(attempt.reason).concern.name}")
    if attempt.event == "alert":
        message.notification_id = attempt.subject
    elif attempt.event == "badge":
        message.badge_update_id = attempt.subject
    else:
        message.activity_id = attempt.subject
    return message


def to_verdict(explained: Explained) -> nouns.DeliveryVerdict:
    """The message."""
    verdict = explained.verdict
    return nouns.DeliveryVerdict(
        device_id=str(explained.device_id),
        code=nouns.VerdictCode.Value(f"VERDICT_CODE_{verdict.code.name}"),
        explanation=verdict.explanation,
        advice=verdict.advice,
        attempts=[to_attempt(attempt) for attempt in explained.attempts],
    )
