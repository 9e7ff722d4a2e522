"""smith.core.v1.ApiKeyService over gRPC."""

from typing import Any

from smith.core.v1 import api_key_service_pb2 as messages
from smith.core.v1 import api_key_service_pb2_grpc

from core_service.api_keys.convert import to_api_key
from core_service.api_keys.models import Scope
from core_service.api_keys.service import THING, ApiKeys
from core_service.common.reading import asked_page, choice, given
from core_service.common.validation import find_uuid
from core_service.identity import principal


class ApiKeyServicer(api_key_service_pb2_grpc.ApiKeyServiceServicer):
    """Manages the keys of the caller's account."""

    def __init__(self, api_keys: ApiKeys) -> None:
        self._api_keys = api_keys

    async def CreateApiKey(self, request: messages.CreateApiKeyRequest, context: Any) -> messages.CreateApiKeyResponse:
        caller = principal.session()
        new = await self._api_keys.create(
            caller.account_id,
            caller.user_id,
            name=request.name,
            scope=choice(request, "scope", Scope) or Scope.ALL,
            channels=request.channels,
        )
        return messages.CreateApiKeyResponse(api_key=to_api_key(new.key), secret=new.secret)

    async def ListApiKeys(self, request: messages.ListApiKeysRequest, context: Any) -> messages.ListApiKeysResponse:
        page = await self._api_keys.list(
            principal.session().account_id,
            *asked_page(request),
        )
        return messages.ListApiKeysResponse(
            api_keys=[to_api_key(key) for key in page.items], next_page_token=page.next_token
        )

    async def UpdateApiKey(self, request: messages.UpdateApiKeyRequest, context: Any) -> messages.UpdateApiKeyResponse:
        changed = await self._api_keys.update(
            principal.session().account_id,
            find_uuid(request.api_key_id, THING),
            name=given(request, "name"),
            scope=choice(request, "scope", Scope),
            channels=request.channels,
        )
        return messages.UpdateApiKeyResponse(api_key=to_api_key(changed))

    async def RevokeApiKey(self, request: messages.RevokeApiKeyRequest, context: Any) -> messages.RevokeApiKeyResponse:
        await self._api_keys.revoke(principal.session().account_id, find_uuid(request.api_key_id, THING))
        return messages.RevokeApiKeyResponse()
