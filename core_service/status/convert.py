"""The server's status as protobuf carries it."""

from collections.abc import Iterable

from smith.core.v1 import status_service_pb2 as messages

from core_service.common.reading import to_timestamp
from core_service.sending.reasons import QUEUED, of_route
from core_service.status.account_alarms import AccountAlarm, Kind
from core_service.status.destinations import Destination, Destinations
from core_service.status.service import Alarm

KINDS = {
    Kind.DEAD_TOKENS: messages.ALARM_KIND_DEAD_TOKENS,
    Kind.QUEUE_AGE: messages.ALARM_KIND_QUEUE_AGE,
}
CHECK = " Settings checks the credentials."
DESTINATIONS = {one: messages.Destination.Value(f"DESTINATION_{one.name}") for one in Destination}


def to_response(
    alarms: Iterable[Alarm], own: Iterable[AccountAlarm], destinations: Destinations
) -> messages.GetServerStatusResponse:
    """The answer: problems of the server, then of the account, and where pushes and mails go."""
    return messages.GetServerStatusResponse(
        alarms=[*map(_to_alarm, alarms), *map(_to_own_alarm, own)],
        pushes=DESTINATIONS[destinations.pushes],
        mails=DESTINATIONS[destinations.mails],
    )


def to_destinations(destinations: Destinations) -> messages.GetDestinationsResponse:
    """Where pushes and mails go."""
    return messages.GetDestinationsResponse(
        pushes=DESTINATIONS[destinations.pushes], mails=DESTINATIONS[destinations.mails]
    )


def _to_alarm(alarm: Alarm) -> messages.Alarm:
    explanation, advice = of_route(alarm.reason)
    return messages.Alarm(
        kind=messages.ALARM_KIND_LINE_STOPPED,
        line=alarm.route.label,
        reason=alarm.reason,
        explanation=explanation,
        advice=f"{advice} {QUEUED}{'' if alarm.route.is_of_browsers else CHECK}",
        since=to_timestamp(alarm.since),
    )


def _to_own_alarm(alarm: AccountAlarm) -> messages.Alarm:
    return messages.Alarm(
        kind=KINDS[alarm.kind],
        reason=alarm.reason,
        explanation=alarm.explanation,
        advice=alarm.advice,
        since=to_timestamp(alarm.since),
    )
