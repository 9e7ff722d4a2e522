"""Identities as protobuf carries them."""

from smith.core.v1 import single_sign_on_service_pb2 as messages

from core_service.common.reading import to_timestamp
from core_service.identity.models import ExternalIdentity


def to_identity(identity: ExternalIdentity, *, name: str, is_usable: bool, is_current: bool) -> messages.Identity:
    """The identity without its token. `name` is what people call the provider."""
    return messages.Identity(
        name=name,
        email=identity.email,
        created_at=to_timestamp(identity.created_at),
        signed_in_at=to_timestamp(identity.signed_in_at),
        current=is_current,
        usable=is_usable,
    )
