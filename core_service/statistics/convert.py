"""Overviews as protobuf carries them."""

from smith.core.v1 import insight_service_pb2 as messages
from smith.core.v1 import overview_pb2 as nouns

from core_service.common.reading import to_timestamp
from core_service.statistics.service import Counted, Figures, Limit, Overview


def to_response(overview: Overview) -> messages.GetOverviewResponse:
    """The answer."""
    return messages.GetOverviewResponse(
        total=_to_figures(overview.total),
        previous=_to_figures(overview.previous),
        steps=[_to_figures(step) for step in overview.steps],
        step_seconds=int(overview.step.total_seconds()),
        owed=nouns.OverviewOwed(
            push_notifications=overview.owed.notifications, live_activities=overview.owed.live_activities
        ),
        rate_limit=_to_limit(overview.rate_limit),
        live_activity_limit=_to_limit(overview.live_activity_limit),
        devices=nouns.OverviewDevices(
            total=overview.devices.total,
            push_token_dead=overview.devices.push_token_dead,
            push_to_start_token_dead=overview.devices.start_token_dead,
            unreachable=overview.devices.unreachable,
        ),
        first_steps=nouns.FirstSteps(
            has_api_key=overview.has_api_key,
            has_device=overview.devices.total > 0,
            has_sent=overview.has_sent,
            has_live_activity=overview.has_live_activity,
            has_second_member=overview.has_second_member,
            has_backup=overview.has_backup,
        ),
    )


def _to_figures(figures: Figures) -> nouns.OverviewFigures:
    counts = figures.counts
    return nouns.OverviewFigures(
        starts_at=to_timestamp(figures.starts_at),
        push_notifications=counts.get(Counted.PUSH_NOTIFICATION_SENT, 0),
        live_activities_started=counts.get(Counted.LIVE_ACTIVITY_STARTED, 0),
        live_activities_updated=counts.get(Counted.LIVE_ACTIVITY_UPDATED, 0),
        live_activities_ended=counts.get(Counted.LIVE_ACTIVITY_ENDED, 0),
        accepted=counts.get(Counted.ACCEPTED, 0),
        retried=counts.get(Counted.RETRY, 0) + counts.get(Counted.MISCONFIGURED, 0),
        failed=counts.get(Counted.TOKEN_DEAD, 0) + counts.get(Counted.REJECTED, 0),
        latency_p50_ms=figures.latency_p50_ms,
        latency_p95_ms=figures.latency_p95_ms,
    )


def _to_limit(limit: Limit) -> nouns.OverviewLimit:
    return nouns.OverviewLimit(used=limit.used, limit=limit.limit)
