"""Events as protobuf carries them."""

from collections.abc import Iterable

from smith.core.v1 import event_pb2, event_service_pb2

from core_service.common.reading import to_timestamp
from core_service.events.service import Event, EventBatch, EventType

NUMBERS = {type_: event_pb2.EventType.Value(f"EVENT_TYPE_{type_.name}") for type_ in EventType}
TYPES: dict[int, EventType] = {number: type_ for type_, number in NUMBERS.items()}


def read_types(numbers: Iterable[int]) -> frozenset[EventType]:
    """The types that the numbers stand for, each once."""
    return frozenset(TYPES[number] for number in numbers)


def to_response(batch: EventBatch) -> event_service_pb2.WatchEventsResponse:
    """A message of the stream."""
    return event_service_pb2.WatchEventsResponse(events=map(_to_event, batch.events), missed=batch.missed)


def _to_event(event: Event) -> event_pb2.Event:
    return event_pb2.Event(
        type=NUMBERS[event.type],
        occurred_at=to_timestamp(event.occurred_at),
        activity_id=event.activity_id,
        stream_key=event.stream_key,
        device_id="" if event.device_id is None else str(event.device_id),
        notification_id="" if event.notification_id is None else str(event.notification_id),
        reason=event.reason,
        action_run_id="" if event.action_run_id is None else str(event.action_run_id),
    )
