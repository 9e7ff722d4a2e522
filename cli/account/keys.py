"""API keys of the workspace of the person who signs in."""

from typing import Any

from smith.core.v1 import api_key_pb2, api_key_service_pb2, api_key_service_pb2_grpc

from cli.client.owner import Owner
from cli.client.session import Session, signed_in
from cli.client.settings import ClientSettings
from cli.up.errors import Failed
from service_kit.json_mapping import decoder_for, encoder_for

PAGE = 1000


async def create_key(
    settings: ClientSettings, owner: Owner, name: str, scope: str, channels: list[str]
) -> dict[str, Any]:
    """Makes a key. Only this answer has its `secret`. Raises CannotStart or Failed."""
    async with signed_in(settings, owner) as session:
        request = api_key_service_pb2.CreateApiKeyRequest()
        decoder_for(request.DESCRIPTOR).fill(request, {"name": name, "scope": scope, "channels": channels})
        made = await session.ask(_stub(session).CreateApiKey, request)
    return as_dict(made.api_key) | {"secret": made.secret}


async def list_keys(settings: ClientSettings, owner: Owner) -> list[dict[str, Any]]:
    """The keys that are not revoked, oldest first. Raises CannotStart or Failed."""
    async with signed_in(settings, owner) as session:
        return [as_dict(key) for key in await _all(session)]


async def revoke_key(settings: ClientSettings, owner: Owner, which: str) -> dict[str, Any]:
    """Revokes the key with this id or, if it is the only one, this name. Raises CannotStart or Failed."""
    async with signed_in(settings, owner) as session:
        found = [key for key in await _all(session) if which in (key.id, key.name)]
        if not found:
            raise Failed(f"there is no key {which!r}: `smith key list` shows them")
        if len(found) > 1:
            ids = ", ".join(key.id for key in found)
            raise Failed(f"{len(found)} keys are called {which!r}: name one by its id ({ids})")
        await session.ask(_stub(session).RevokeApiKey, api_key_service_pb2.RevokeApiKeyRequest(api_key_id=found[0].id))
    return as_dict(found[0])


def as_dict(key: api_key_pb2.ApiKey) -> dict[str, Any]:
    """The key as the API shows it. `last_used_at` and `created_by`, an e-mail address, are None if unknown."""
    shown = encoder_for(key.DESCRIPTOR).encode(key)
    return {"last_used_at": None} | shown | {"created_by": key.created_by.email or None}


async def _all(session: Session) -> list[api_key_pb2.ApiKey]:
    found: list[api_key_pb2.ApiKey] = []
    request = api_key_service_pb2.ListApiKeysRequest(page_size=PAGE)
    while True:
        page = await session.ask(_stub(session).ListApiKeys, request)
        found += page.api_keys
        if not page.HasField("next_page_token"):
            return found
        request.page_token = page.next_page_token


def _stub(session: Session) -> api_key_service_pb2_grpc.ApiKeyServiceStub:
    return api_key_service_pb2_grpc.ApiKeyServiceStub(session.channel)
