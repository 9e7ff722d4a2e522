"""smith.core.v1.SavedMessageService over gRPC."""

from typing import Any

from smith.core.v1 import saved_message_service_pb2 as messages
from smith.core.v1 import saved_message_service_pb2_grpc
from smith.core.v1.json_object_pb2 import JsonObject

from core_service.common.reading import to_timestamp
from core_service.common.validation import find_uuid, parse_json_object
from core_service.identity import principal
from core_service.saved_messages.models import SavedMessage
from core_service.saved_messages.service import THING, SavedMessages


class SavedMessageServicer(saved_message_service_pb2_grpc.SavedMessageServiceServicer):
    """Serves the saved messages of the caller's account."""

    def __init__(self, saved: SavedMessages) -> None:
        self._saved = saved

    async def SaveMessage(self, request: messages.SaveMessageRequest, context: Any) -> messages.SaveMessageResponse:
        written = request.notification.json
        parse_json_object(written, "notification")
        message = await self._saved.save(principal.session().account_id, request.name, written)
        return messages.SaveMessageResponse(saved_message=_to_message(message))

    async def ListSavedMessages(
        self, request: messages.ListSavedMessagesRequest, context: Any
    ) -> messages.ListSavedMessagesResponse:
        found = await self._saved.list(principal.session().account_id)
        return messages.ListSavedMessagesResponse(saved_messages=[_to_message(one) for one in found])

    async def DeleteSavedMessage(
        self, request: messages.DeleteSavedMessageRequest, context: Any
    ) -> messages.DeleteSavedMessageResponse:
        message_id = find_uuid(request.saved_message_id, THING)
        await self._saved.delete(principal.session().account_id, message_id)
        return messages.DeleteSavedMessageResponse()


def _to_message(message: SavedMessage) -> messages.SavedMessage:
    return messages.SavedMessage(
        id=str(message.id),
        name=message.name,
        notification=JsonObject(json=message.notification),
        updated_at=to_timestamp(message.updated_at),
    )
