"""The server's status as protobuf carries it."""

from collections.abc import Iterable

from smith.core.v1 import status_service_pb2

from core_service.status.service import Alarm
from core_service.timestamps import to_timestamp


def to_response(alarms: Iterable[Alarm]) -> status_service_pb2.GetServerStatusResponse:
    """The answer."""
    return status_service_pb2.GetServerStatusResponse(
        alarms=[
            status_service_pb2.Alarm(
                # Whoever is told of a part that is one account's is of that account.
                line=str(alarm.line.app),
                reason=alarm.reason,
                explanation=alarm.explanation,
                since=to_timestamp(alarm.since),
            )
            for alarm in alarms
        ]
    )
