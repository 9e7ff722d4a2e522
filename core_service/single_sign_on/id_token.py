"""ID tokens: whether the provider has signed one, for this server, this sign-in and this person, and now."""

import time
from collections.abc import Sequence
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

MAX_TOKEN_CHARACTERS = 64 * 1024
CLOCK_SECONDS = 60
"""How far the provider's clock may be from ours."""


class WrongToken(Exception):
    """The token proves nothing. The message says why, for the log."""


class UnknownKey(WrongToken):
    """It is signed with a key that the provider has not shown yet."""


def check(
    token: str,
    keys: KeySet,
    signatures: Sequence[str],
    *,
    issuer: str,
    client_id: str,
    nonce: str | None,
    access_token: str,
) -> dict[str, Any]:
    """Returns the claims of a token that the provider has made with one of these keys, by one of these `signatures`.

    `nonce` is None for a token that answers no sign-in. Raises WrongToken or UnknownKey.
    """
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise WrongToken("it is too long")
    try:
        header = jws.extract_compact(token.encode()).headers()
        if header.get("alg") not in signatures:
            raise WrongToken(f"it is signed by {str(header.get('alg'))[:20]!r}")
        _require_key(header, keys)
        read = jwt.decode(token, keys, algorithms=list(signatures))
        _require_only_us(read.claims, client_id)
        claims = CodeIDToken(
            read.claims,
            read.header,
            options={
                "iss": {"essential": True, "value": issuer},
                "sub": {"essential": True},
                "aud": {"essential": True, "value": client_id},
                "exp": {"essential": True},
                "iat": {"essential": True},
            },
            params={"nonce": nonce, "client_id": client_id, "access_token": access_token},
        )
        claims.validate(now=int(time.time()), leeway=CLOCK_SECONDS)
    except WrongToken:
        raise
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        # The libraries read what the provider has sent: whatever they stumble over, it proves nothing.
        raise WrongToken(f"{type(error).__name__}: {error}"[:300]) from None
    return dict(read.claims)


def _require_key(header: dict[str, Any], keys: KeySet) -> None:
    name = header.get("kid")
    if name is not None and all(key.kid != name for key in keys.keys):
        raise UnknownKey("it is signed with an unknown key")
    if not keys.keys:
        raise UnknownKey("the provider shows no key")


def _require_only_us(claims: dict[str, Any], client_id: str) -> None:
    """A token for others as well could have been taken from one of them: then it must say that we asked for it."""
    audience = claims.get("aud")
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != client_id:
        raise WrongToken("it is for others as well")
