"""The provider's token for asking about a person again: which is kept, and how."""

import datetime as dt
from dataclasses import dataclass, field

from core_service.common.orm import now
from core_service.identity.models import ExternalIdentity
from core_service.single_sign_on.claims import ClaimRules
from core_service.single_sign_on.provider import Grant
from core_service.single_sign_on.sealing import Seal
from service_kit.openid import Discovery

CHECK_EVERY = dt.timedelta(minutes=4)
"""How often the provider is asked about a person. With the time that an answer takes it stays below 5 minutes."""
REFRESH, ACCESS = "r", "a"


@dataclass(frozen=True, slots=True)
class KeptToken:
    """A token to ask about a person by."""

    is_refresh: bool
    """Whether it is a refresh token. An access token serves if there is none, until it expires."""
    text: str = field(repr=False)


class Vault:
    """Chooses, seals and opens tokens."""

    def __init__(self, seal: Seal, rules: ClaimRules, check_every: dt.timedelta = CHECK_EVERY) -> None:
        self._seal = seal
        self._rules = rules
        self._check_every = check_every

    def choose(self, grant: Grant, known: Discovery) -> KeptToken | None:
        """The token to keep of a grant; None if there is none that serves."""
        if grant.refresh_token:
            return KeptToken(True, grant.refresh_token)
        # Without groups there is no more to learn by an access token than that it has not expired yet.
        if self._rules.groups_decide and known.userinfo_endpoint and grant.access_token:
            return KeptToken(False, grant.access_token)
        return None

    def keep(self, identity: ExternalIdentity, token: KeptToken | None) -> None:
        """Stores the token with the identity, whose person the provider has just vouched for."""
        identity.confirmed_at = now()
        if token is None:
            identity.sealed_token = identity.due_at = None
            return
        text = (REFRESH if token.is_refresh else ACCESS) + token.text
        identity.sealed_token = self._seal.close(text, identity.id)
        identity.due_at = identity.confirmed_at + self._check_every

    def open(self, identity: ExternalIdentity) -> KeptToken | None:
        """The token that is kept; None if there is none that can be read."""
        text = identity.sealed_token and self._seal.open(identity.sealed_token, identity.id)
        return KeptToken(text[0] == REFRESH, text[1:]) if text else None
