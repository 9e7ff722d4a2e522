"""Live Activities, streams and what happened to them as protobuf carries them."""

from collections.abc import Mapping
from typing import Any

from smith.core.v1 import delivery_attempt_pb2 as attempts
from smith.core.v1 import live_activity_record_pb2 as nouns
from smith.core.v1.json_object_pb2 import JsonObject

from core_service.common.reading import to_tags, to_timestamp
from core_service.common.validation import write_json
from core_service.live_activities.history.service import Entry, OnDevice, Record, StreamRow, button
from core_service.sending.port import NO_DEVICE


def to_activity(record: Record) -> nouns.LiveActivity:
    """The message."""
    ended = nouns.LIVE_ACTIVITY_STATUS_ENDED if record.is_over else nouns.LIVE_ACTIVITY_STATUS_ACTIVE
    return nouns.LiveActivity(
        activity_id=record.id,
        status=ended,
        stream_key=record.stream_key or "",
        content_state=_json(record.shown),
        action=_json(button(record.action)),
        secondary_action=_json(button(record.secondary_action)),
        tags=to_tags(record.tags),
        metadata=None if record.metadata is None else JsonObject(json=record.metadata),
        channel_slugs=record.channel_slugs or (),
        version=record.version,
        updates=record.updates,
        started_by=record.started_by,
        created_at=to_timestamp(record.created_at),
        updated_at=to_timestamp(record.updated_at),
        heard_at=to_timestamp(record.heard_at),
        expires_at=to_timestamp(record.expires_at),
        ended_at=to_timestamp(record.ended_at),
        dismiss_at=to_timestamp(record.dismiss_at),
        phases=to_phases(record.phases or {}),
    )


def to_phases(phases: Mapping[str, int]) -> list[nouns.LiveActivityPhaseCount]:
    """The messages, in the order in which devices go through phases."""
    counts = {_phase(name): count for name, count in phases.items()}
    return [nouns.LiveActivityPhaseCount(phase=phase, devices=counts[phase]) for phase in sorted(counts)]


def to_device(one: OnDevice) -> nouns.LiveActivityDevice:
    """The message."""
    facts, verdict = one.facts, one.verdict
    return nouns.LiveActivityDevice(
        device_id=str(one.device_id),
        device_name=one.device_name,
        user_id=str(one.user_id),
        user_name=one.user_name,
        phase=_phase(facts.phase or ""),
        wanted_version=facts.version,
        accepted_version=facts.accepted_version or 0,
        has_update_token=one.has_update_token,
        last_error=facts.reason or "",
        started_at=to_timestamp(facts.started_at),
        next_at=to_timestamp(facts.next_at),
        verdict=attempts.VerdictCode.Value(f"VERDICT_CODE_{verdict.code.name}"),
        explanation=verdict.explanation,
        advice=verdict.advice,
        budget_spent=one.budget_spent,
        by_broadcast=bool(facts.by_broadcast),
    )


def to_entry(entry: Entry) -> nouns.LiveActivityTimelineEntry:
    """The message."""
    message = nouns.LiveActivityTimelineEntry(
        id=str(entry.id), occurred_at=to_timestamp(entry.occurred_at), version=entry.version
    )
    event = attempts.DeliveryEvent.Value(f"DELIVERY_EVENT_{entry.event.upper()}")
    if entry.content_state is not None:
        state = JsonObject(json=entry.content_state)
        message.state.CopyFrom(nouns.LiveActivityState(event=event, content_state=state))
        return message
    by_broadcast = entry.device_id == NO_DEVICE
    message.attempt.CopyFrom(
        nouns.LiveActivityAttempt(
            device_id="" if by_broadcast else str(entry.device_id),
            device_name=entry.device_name,
            event=event,
            outcome=attempts.DeliveryOutcome.Value(f"DELIVERY_OUTCOME_{(entry.outcome or '').upper()}"),
            priority=entry.priority or 0,
            status_code=entry.status_code,
            reason=entry.reason or "",
            latency_ms=entry.latency_ms or 0,
            by_broadcast=by_broadcast,
        )
    )
    return message


def to_stream(row: StreamRow) -> nouns.LiveActivityStream:
    """The message."""
    state, (action, secondary_action), channel_slugs = row.latest
    return nouns.LiveActivityStream(
        stream_key=row.stream_key,
        paused=row.held is not None,
        paused_at=to_timestamp(row.paused_at),
        content_state=_json(state),
        action=_json(button(action)),
        secondary_action=_json(button(secondary_action)),
        activity_id=row.activity_id,
        last_activity_id=row.last_activity_id,
        channel_slugs=channel_slugs,
        created_at=to_timestamp(row.created_at),
        last_put_at=to_timestamp(row.last_put_at),
    )


def _phase(name: str) -> "nouns.LiveActivityPhase.ValueType":
    return nouns.LiveActivityPhase.Value(f"LIVE_ACTIVITY_PHASE_{name.upper()}")


def _json(value: Any) -> JsonObject | None:
    return None if value is None else JsonObject(json=write_json(value).decode())
