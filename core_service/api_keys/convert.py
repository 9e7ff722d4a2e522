"""API keys as protobuf carries them."""

from smith.core.v1 import api_key_pb2

from core_service.api_keys.models import Scope
from core_service.api_keys.service import ScopedKey
from core_service.common.reading import to_timestamp

SCOPES = {
    Scope.ALL: api_key_pb2.API_KEY_SCOPE_ALL,
    Scope.CHANNELS: api_key_pb2.API_KEY_SCOPE_CHANNELS,
}


def to_api_key(scoped: ScopedKey) -> api_key_pb2.ApiKey:
    """The key without its secret."""
    key = scoped.key
    return api_key_pb2.ApiKey(
        id=str(key.id),
        name=key.name,
        scope=SCOPES[Scope(key.scope)],
        channels=scoped.channels,
        hint=key.hint,
        created_at=to_timestamp(key.created_at),
        last_used_at=to_timestamp(key.last_used_at),
        created_by=_creator(scoped),
    )


def _creator(scoped: ScopedKey) -> api_key_pb2.ApiKeyCreator | None:
    if scoped.key.created_by is None:
        return None
    return api_key_pb2.ApiKeyCreator(user_id=str(scoped.key.created_by), email=scoped.created_by or "")
