"""Builds single sign-on for a core whose settings have it. It loads Authlib."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from core_service.auth.rate_limit import RateLimiter
from core_service.events.service import EventBus
from core_service.settings import CoreSettings, read_groups
from core_service.single_sign_on.claims import ClaimRules
from core_service.single_sign_on.linking import Realm
from core_service.single_sign_on.local_sign_in import LocalSignIn
from core_service.single_sign_on.provider import Client, Provider
from core_service.single_sign_on.recheck import Recheck
from core_service.single_sign_on.sealing import Seal
from core_service.single_sign_on.service import SingleSignOn
from core_service.single_sign_on.tokens import Vault
from service_kit.openid import CALLBACK_PATH


@dataclass(frozen=True, slots=True)
class SingleSignOnArea:
    """What the rest of core needs of it."""

    service: SingleSignOn
    local: LocalSignIn
    recheck: Recheck
    provider: Provider

    async def aclose(self) -> None:
        """Ends what is going on, and closes connections to the provider."""
        await self.recheck.aclose()
        await self.provider.aclose()


def build_single_sign_on(
    settings: CoreSettings, engine: AsyncEngine, rate_limiter: RateLimiter, events: EventBus
) -> SingleSignOnArea:
    """Builds it. The settings name an issuer and a client."""
    issuer, name = settings.oidc_issuer or "", settings.oidc_name
    secret = settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else ""
    rules = ClaimRules(
        groups_claim=settings.oidc_groups_claim,
        owner_groups=read_groups(settings.oidc_owner_groups),
        member_groups=read_groups(settings.oidc_member_groups),
        trusts_email=settings.oidc_trust_email,
    )
    groups = {settings.oidc_groups_claim.partition(".")[0]} if rules.groups_decide else set()
    provider = Provider(
        Client(
            issuer=issuer,
            name=name,
            client_id=settings.oidc_client_id or "",
            client_secret=secret,
            redirect_url=settings.admin_url.rstrip("/") + CALLBACK_PATH,
            scopes=tuple(settings.oidc_scopes.split()),
            needed=frozenset({"email", "email_verified", *groups}),
            ca_file=settings.oidc_ca_file,
        )
    )
    realm = Realm(issuer, name, settings.oidc_account, rules)
    vault = Vault(Seal(secret), rules)
    return SingleSignOnArea(
        service=SingleSignOn(engine, provider, realm, vault=vault, rate_limiter=rate_limiter, events=events),
        local=LocalSignIn(engine, realm, owners_only=settings.oidc_only),
        recheck=Recheck(engine, provider, realm, vault, events),
        provider=provider,
    )
