"""The OpenID provider, as core asks it: by Authlib, within bounds."""

import datetime as dt
import logging
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

# It would rather have a successor of httpx, which nothing else here uses, and says so whatever the filters are.
with warnings.catch_warnings(record=True):
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.httpx_client import AsyncOAuth2Client

from core_service.single_sign_on import id_token
from core_service.single_sign_on.errors import GrantRefused, NotVouchedFor, ProviderAway
from core_service.single_sign_on.reauthentication import read_auth_time
from core_service.single_sign_on.shared_reading import SharedReading
from core_service.single_sign_on.transport import BoundedTransport, in_time
from service_kit.openid import BadDiscovery, Discovery, discovery_url, read_discovery

log = logging.getLogger(__name__)

FRESH_SECONDS = 3600.0
"""How long what the provider says of itself, and its keys, are believed without asking again."""
KEYS_APART_SECONDS = 5.0
"""Least time between two looks for an unknown key."""
MAX_TOKEN_CHARACTERS = 16 * 1024
MAX_KEYS = 100
GONE = frozenset({"invalid_grant", "access_denied", "invalid_request"})
"""What a provider answers that no longer knows a code, a token or a person: Dex says the last of them. All else may
pass."""


@dataclass(frozen=True, slots=True)
class Client:
    """This server, as the provider knows it."""

    issuer: str
    name: str
    """What people call the provider."""
    client_id: str
    client_secret: str = field(repr=False)
    redirect_url: str
    scopes: tuple[str, ...]
    """Scopes beyond the usual ones."""
    needed: frozenset[str]
    """Claims for which the userinfo endpoint is asked if an ID token does not have them."""
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What the provider says of a person, and its tokens for asking again."""

    claims: dict[str, Any]
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    """Empty if there is none."""
    auth_time: dt.datetime | None = None
    """When the person authenticated, if an ID token that answers a sign-in says so."""


class Provider:
    """Asks the provider. Every method raises ProviderAway if it cannot be asked."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._transport = BoundedTransport(client.ca_file)
        self._discovery = SharedReading(self._read_discovery)
        self._keys = SharedReading(self._read_keys)

    async def aclose(self) -> None:
        """Closes its connections."""
        await self._transport.aclose()

    async def discover(self) -> Discovery:
        """What the provider says of itself, at most an hour ago."""
        return await self._discovery.get(FRESH_SECONDS)

    async def authorization_url(
        self, *, state: str, nonce: str, code_verifier: str, reauthenticate: bool = False
    ) -> str:
        """The page at which the person signs in. With `reauthenticate` the provider is to ask them although they have a
        session there, and to say in the ID token when it did."""
        known = await self.discover()
        usual = ["openid", "email", "profile"]
        wanted = [*usual, *(one for one in ("offline_access", "groups") if one in known.scopes)]
        scopes = dict.fromkeys([*wanted, *self._client.scopes])
        url, _ = self._oauth(known, scope=" ".join(scopes)).create_authorization_url(
            known.authorization_endpoint,
            state=state,
            nonce=nonce,
            code_verifier=code_verifier,
            **(_asking_again(known) if reauthenticate else {}),
        )
        return str(url)

    async def redeem(self, code: str, *, code_verifier: str, nonce: str) -> Grant:
        """Exchanges the code that a browser came back with.

        Raises NotVouchedFor if the code is not good, or if what comes for it proves nothing.
        """
        known = await self.discover()
        try:
            answer = await self._tokens(known, grant_type="authorization_code", code=code, code_verifier=code_verifier)
        except GrantRefused as error:
            log.warning("single sign-on: the provider refused a code: %s", error)
            raise NotVouchedFor(f"{self._client.name} did not confirm the sign-in. Begin again.") from None
        token = answer.get("id_token")
        if not isinstance(token, str):
            log.warning("single sign-on: the provider sent no ID token")
            raise self._proves_nothing()
        claims = await self._check(known, token, answer, nonce)
        # Of the token alone: what the userinfo endpoint tells is nothing that the provider has signed.
        return replace(await self._grant(known, answer, claims), auth_time=read_auth_time(claims))

    async def renew(self, refresh_token: str, subject: str) -> Grant:
        """What the provider says of the person now, and the tokens that take the place of this one.

        Raises GrantRefused if it no longer vouches for the person.
        """
        known = await self.discover()
        answer = await self._tokens(known, grant_type="refresh_token", refresh_token=refresh_token)
        token, claims = answer.get("id_token"), dict[str, Any](sub=subject)
        if isinstance(token, str):
            try:
                claims = await self._check(known, token, answer, None)
            except NotVouchedFor as error:
                raise ProviderAway(error.message) from None
            if claims.get("sub") != subject:
                raise GrantRefused("it answers for somebody else")
        grant = await self._grant(known, answer, claims)
        return Grant(grant.claims, grant.access_token, grant.refresh_token or refresh_token)

    async def look(self, access_token: str, subject: str) -> dict[str, Any]:
        """What the provider says of the person now.

        Raises GrantRefused if it takes the token no longer.
        """
        known = await self.discover()
        if not known.userinfo_endpoint:
            raise GrantRefused("it tells nothing of people by an access token")
        return await self._userinfo(known, access_token, subject)

    async def _grant(self, known: Discovery, answer: dict[str, Any], claims: dict[str, Any]) -> Grant:
        """Adds what the provider tells only by its userinfo endpoint."""
        access, refresh = _token(answer, "access_token"), _token(answer, "refresh_token")
        if known.userinfo_endpoint and access and not self._client.needed <= claims.keys():
            try:
                more = await self._userinfo(known, access, str(claims["sub"]))
            except GrantRefused:
                raise ProviderAway(f"{self._client.name} refuses the token that it has just made.") from None
            claims = more | claims
        return Grant(claims, access, refresh)

    async def _tokens(self, known: Discovery, **asked: str) -> dict[str, Any]:
        """Raises GrantRefused if the provider refuses what is exchanged."""
        async with in_time(self._client.name):
            try:
                oauth = self._oauth(known)
                if asked["grant_type"] == "refresh_token":
                    answer = await oauth.refresh_token(known.token_endpoint, refresh_token=asked["refresh_token"])
                else:
                    answer = await oauth.fetch_token(known.token_endpoint, **asked)
            except OAuthError as error:
                if error.error in GONE:
                    raise GrantRefused(f"{error.error}: {error.description}"[:300]) from None
                log.error("the OpenID provider refuses this server: %s %s", error.error, error.description)
                raise ProviderAway(f"{self._client.name} refuses this server. The server's log says why.") from None
            except (ValueError, TypeError, AttributeError, KeyError) as error:
                # No JSON, or not the usual one.
                raise ProviderAway(f"{self._client.name} answers what cannot be understood.") from error
        if not isinstance(answer, dict):
            raise ProviderAway(f"{self._client.name} answers what cannot be understood.")
        return dict(answer)

    async def _check(self, known: Discovery, token: str, answer: dict[str, Any], nonce: str | None) -> dict[str, Any]:
        """The claims of the ID token. Raises NotVouchedFor if it proves nothing."""
        for attempt in range(2):
            keys = await self._keys.get(KEYS_APART_SECONDS if attempt else FRESH_SECONDS)
            try:
                return id_token.check(
                    token,
                    keys,
                    known.signatures,
                    issuer=self._client.issuer,
                    client_id=self._client.client_id,
                    nonce=nonce,
                    access_token=_token(answer, "access_token"),
                )
            except id_token.UnknownKey:
                continue
            except id_token.WrongToken as error:
                log.warning("single sign-on: an ID token proves nothing: %s", error)
                raise self._proves_nothing() from None
        log.warning("single sign-on: an ID token is signed with a key that the provider does not show")
        raise self._proves_nothing()

    async def _read_discovery(self) -> Discovery:
        said = await self._get_json(discovery_url(self._client.issuer))
        try:
            return read_discovery(said, self._client.issuer)
        except BadDiscovery as error:
            log.error("the OpenID provider %s cannot be used: %s", self._client.issuer, error)
            raise ProviderAway(f"{self._client.name} cannot be used. The server's log says why.") from error

    async def _read_keys(self) -> KeySet:
        said = await self._get_json((await self.discover()).jwks_uri)
        listed = said.get("keys") if isinstance(said, dict) else None
        if not isinstance(listed, list) or len(listed) > MAX_KEYS:
            raise ProviderAway(f"{self._client.name} shows no keys.")
        return KeySet([key for one in listed for key in _read_key(one)])

    async def _userinfo(self, known: Discovery, access_token: str, subject: str) -> dict[str, Any]:
        async with in_time(self._client.name), self._plain() as client:
            answer = await client.get(known.userinfo_endpoint, headers={"authorization": f"Bearer {access_token}"})
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise GrantRefused(f"userinfo answers {answer.status_code}")
        said = self._read_json(answer)
        if not isinstance(said, dict) or said.get("sub") != subject:
            # OpenID Connect Core, 5.3.2: it must not be used then.
            raise ProviderAway(f"{self._client.name} answers for somebody else.")
        return said

    async def _get_json(self, url: str) -> Any:
        async with in_time(self._client.name), self._plain() as client:
            answer = await client.get(url)
        return self._read_json(answer)

    def _read_json(self, answer: httpx.Response) -> Any:
        try:
            if answer.status_code == httpx.codes.OK:
                return answer.json()
        except (ValueError, RecursionError):
            pass
        raise ProviderAway(f"{self._client.name} answers what cannot be understood ({answer.status_code}).")

    def _plain(self) -> httpx.AsyncClient:
        return _Unclosed(transport=self._transport, trust_env=False, follow_redirects=False, timeout=None)

    def _oauth(self, known: Discovery, **more: Any) -> AsyncOAuth2Client:
        """A client of its own for each exchange, because it keeps the last token."""
        return AsyncOAuth2Client(
            self._client.client_id,
            self._client.client_secret,
            token_endpoint_auth_method="client_secret_post" if known.posts_secret else "client_secret_basic",
            redirect_uri=self._client.redirect_url,
            code_challenge_method="S256",
            transport=self._transport,
            trust_env=False,
            follow_redirects=False,
            timeout=None,
            **more,
        )

    def _proves_nothing(self) -> NotVouchedFor:
        return NotVouchedFor(f"What {self._client.name} has sent proves nothing. Begin again.")


class _Unclosed(httpx.AsyncClient):
    """A client that leaves the transport open, which others use as well."""

    async def __aenter__(self) -> "_Unclosed":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


def _asking_again(known: Discovery) -> dict[str, str]:
    """Both ways to ask for it, because each is ignored by some: Entra documents `prompt` alone, and `max_age` is what
    makes `auth_time` required."""
    return {"max_age": "0"} | ({"prompt": "login"} if known.takes_prompt_login else {})


def _token(answer: dict[str, Any], name: str) -> str:
    token = answer.get(name)
    return token if isinstance(token, str) and len(token) <= MAX_TOKEN_CHARACTERS else ""


def _read_key(said: Any) -> list[Any]:
    """The key, if it is one for signatures that is understood here: providers show others as well."""
    if not isinstance(said, dict) or said.get("use", "sig") != "sig" or said.get("kty") not in ("RSA", "EC", "OKP"):
        return []
    try:
        return list(KeySet.import_key_set({"keys": [said]}).keys)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return []
