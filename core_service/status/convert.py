"""The server's status as protobuf carries it."""

from collections.abc import Iterable

from smith.core.v1 import status_service_pb2 as messages

from core_service.courier.misconfiguration import advice
from core_service.status.account_alarms import AccountAlarm, Kind
from core_service.status.service import Alarm
from core_service.timestamps import to_timestamp

KINDS = {
    Kind.DEAD_TOKENS: messages.ALARM_KIND_DEAD_TOKENS,
    Kind.QUEUE_AGE: messages.ALARM_KIND_QUEUE_AGE,
}


def to_response(alarms: Iterable[Alarm], own: Iterable[AccountAlarm] = ()) -> messages.GetServerStatusResponse:
    """The answer: what is wrong with the server, then what is the account's own."""
    return messages.GetServerStatusResponse(alarms=[*map(_to_alarm, alarms), *map(_to_own_alarm, own)])


def _to_alarm(alarm: Alarm) -> messages.Alarm:
    return messages.Alarm(
        kind=messages.ALARM_KIND_LINE_STOPPED,
        # Whoever is told of a part that is one account's is of that account.
        line=str(alarm.line.app),
        reason=alarm.reason,
        explanation=alarm.explanation,
        advice=advice(alarm.reason),
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
