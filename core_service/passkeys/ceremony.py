"""What browsers are asked for passkeys, and whether what they answer is right. It computes, and takes time to load:
call it in a thread."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core_service.passkeys.relying_party import RelyingParty

if TYPE_CHECKING:
    # The library takes a tenth of a second and 20 MB, for those only who use passkeys.
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

NAME = "ActivitySmith"
TIMEOUT_MS = 5 * 60 * 1000


class WrongPasskey(Exception):
    """What the browser has sent is not what was asked for. The message says why, for the log."""


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that a browser has made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    synced: bool


@dataclass(frozen=True, slots=True)
class Presented:
    """What an answer says of itself. Nothing is proven yet."""

    credential_id: bytes
    user_handle: bytes | None
    """The person that the passkey was made for, if it says so."""


def creation_options(
    party: RelyingParty, challenge: bytes, *, user_id: uuid.UUID, email: str, name: str, known: Sequence[bytes]
) -> str:
    """Options to make a passkey, as JSON. It is one that is found without an e-mail address, and asks for a finger,
    face or PIN. A key that has one of the `known` makes no second one."""
    import webauthn
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=NAME,
        user_id=user_id.bytes,
        user_name=email,
        user_display_name=name,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_descriptors(known),
    )
    return webauthn.options_to_json(options)


def request_options(party: RelyingParty, challenge: bytes, allowed: Sequence[bytes]) -> str:
    """Options to use one of the `allowed` passkeys as a second factor; any, with a finger, face or PIN, if there are
    none. As JSON."""
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=_descriptors(allowed),
        user_verification=(UserVerificationRequirement.PREFERRED if allowed else UserVerificationRequirement.REQUIRED),
    )
    return webauthn.options_to_json(options)


def check_creation(party: RelyingParty, challenge: bytes, answer: str) -> NewPasskey:
    """The passkey that was made.

    Raises WrongPasskey.
    """
    import webauthn
    from webauthn.helpers.structs import CredentialDeviceType

    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except Exception as error:
        raise WrongPasskey(_said(error)) from error
    return NewPasskey(
        made.credential_id,
        made.credential_public_key,
        made.sign_count,
        made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
    )


def read_answer(answer: str) -> Presented:
    """Which passkey an answer is of.

    Raises WrongPasskey.
    """
    from webauthn.helpers import parse_authentication_credential_json

    try:
        read = parse_authentication_credential_json(answer)
    except Exception as error:
        raise WrongPasskey(_said(error)) from error
    return Presented(read.raw_id, read.response.user_handle)


def check_answer(
    party: RelyingParty, challenge: bytes, answer: str, *, public_key: bytes, sign_count: int, verified: bool
) -> int:
    """How often the passkey has signed by now, once its answer is known to be right. With `verified` it must have asked
    for a finger, face or PIN.

    Raises WrongPasskey, also if it has not signed more often than `sign_count`: then there is a copy of it.
    """
    import webauthn

    try:
        right = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=verified,
        )
    except Exception as error:
        raise WrongPasskey(_said(error)) from error
    return right.new_sign_count


def _said(error: Exception) -> str:
    """What the library says of bytes that a stranger has sent. It may stumble over them anywhere, not only where it
    looks for mistakes, and each of its errors is a refusal."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _descriptors(ids: Sequence[bytes]) -> "list[PublicKeyCredentialDescriptor]":
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=one) for one in ids]
