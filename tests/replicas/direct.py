"""Calls of one core in particular, over gRPC."""

import threading
from types import TracebackType

import grpc
import httpx
from smith.core.v1 import (
    event_pb2,
    event_service_pb2,
    event_service_pb2_grpc,
    push_notification_pb2,
    push_notification_service_pb2,
    push_notification_service_pb2_grpc,
)

from tests.waiting import LONG

Metadata = list[tuple[str, str]]


def metadata_of(client: httpx.Client) -> Metadata:
    """The client's credentials, as gRPC carries them."""
    return [("authorization", client.headers["Authorization"])]


def push_through(core: grpc.Channel, metadata: Metadata, slug: str) -> str:
    """The id of a notification that was sent to the channel through this core."""
    stub = push_notification_service_pb2_grpc.PushNotificationServiceStub(core)
    request = push_notification_service_pb2.SendPushNotificationRequest(
        title="news", target=push_notification_pb2.ChannelTarget(channels=[slug])
    )
    return str(stub.SendPushNotification(request, metadata=metadata, timeout=LONG).notification_id)


class Watch:
    """Somebody who watches one core for notifications while the block lasts."""

    def __init__(self, core: grpc.Channel, metadata: Metadata) -> None:
        self._stub = event_service_pb2_grpc.EventServiceStub(core)
        self._metadata = metadata
        self.heard: list[str] = []
        """The ids of those that were told of, in the order they were."""

    def __enter__(self) -> "Watch":
        """Returns once it watches."""
        request = event_service_pb2.WatchEventsRequest(types=[event_pb2.EVENT_TYPE_PUSH_NOTIFICATION_SENT])
        self._call = self._stub.WatchEvents(request, metadata=self._metadata, timeout=120)
        next(self._call)
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call.cancel()
        self._thread.join()

    def _read(self) -> None:
        try:
            for batch in self._call:
                self.heard.extend(event.notification_id for event in batch.events)
        except grpc.RpcError:
            return
