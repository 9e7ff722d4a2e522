"""Second factors and passkeys as protobuf carries them."""

from smith.core.v1 import passkey_service_pb2 as passkeys
from smith.core.v1 import second_factor_service_pb2 as messages

from core_service.common.reading import to_timestamp
from core_service.passkeys.models import Passkey
from core_service.second_factor.own import Factors


def to_factors(factors: Factors) -> messages.GetSecondFactorResponse:
    """What a person has."""
    return messages.GetSecondFactorResponse(
        authenticator_app=factors.authenticator_app,
        recovery_codes_left=factors.recovery_codes_left,
        passkeys=factors.passkeys,
        since=None if factors.since is None else to_timestamp(factors.since),
        required=factors.required,
        fresh=factors.fresh,
        no_passkeys_because=factors.no_passkeys_because,
        has_password=factors.has_password,
    )


def to_passkey(passkey: Passkey) -> passkeys.Passkey:
    """The passkey without its key."""
    return passkeys.Passkey(
        id=str(passkey.id),
        name=passkey.name,
        created_at=to_timestamp(passkey.created_at),
        last_used_at=None if passkey.last_used_at is None else to_timestamp(passkey.last_used_at),
        synced=passkey.synced,
    )
