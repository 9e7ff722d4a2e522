"""smith.core.v1.EventService over gRPC."""

from typing import Any

from smith.core.v1 import event_service_pb2 as messages
from smith.core.v1 import event_service_pb2_grpc

from core_service.events.convert import read_types, to_response
from core_service.events.service import EventBus
from core_service.identity import principal
from service_kit.errors import Unavailable


class EventServicer(event_service_pb2_grpc.EventServiceServicer):
    """Streams what happens in the caller's account."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    # It uses context.write. A generator that is not resumed after a cancelled write would clean up late.
    async def WatchEvents(self, request: messages.WatchEventsRequest, context: Any) -> None:  # type: ignore[override] # the stubs know generators only
        with self._bus.watch(principal.whole_account(), read_types(request.types)) as watcher:
            await context.write(messages.WatchEventsResponse())
            async for batch in watcher:
                await context.write(to_response(batch))
        raise Unavailable("The server is stopping. Call again.")
