"""What is known about an OpenID provider before anybody signs in: its address, and what it says of itself.

OpenID Connect Discovery 1.0. Core goes by it, and `smith doctor` checks it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator

from service_kit.addresses import is_loopback

DISCOVERY_PATH = "/.well-known/openid-configuration"
CALLBACK_PATH = "/single-sign-on/callback"
"""Page of the admin app that the provider sends browsers back to."""
SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures of ID tokens that are believed: those with a public key. None at all, or one made with a secret that the
client knows as well, is not."""
NO_PROMPT_LOGIN = frozenset({"https://accounts.google.com"})
"""Providers that document other values of `prompt` only, and list none in what they say of themselves."""
MAX_DISCOVERY_BYTES = 256 * 1024


class BadDiscovery(ValueError):
    """What the provider says of itself cannot be used. The message is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a provider says of itself, as far as it is used."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    """Empty if it has none."""
    scopes: frozenset[str]
    signatures: tuple[str, ...]
    posts_secret: bool
    """Whether the token endpoint takes the client's secret in the form."""
    sends_issuer: bool
    """Whether the browser comes back with the provider's address (RFC 9207)."""
    takes_prompt_login: bool
    """Whether `prompt=login` may be sent (OpenID Connect Core 1.0, 3.1.2.1)."""


def require_secure(url: str) -> str:
    """The URL if what goes to it cannot be read on the way: it is https, or leads to this machine.

    Raises ValueError.
    """
    parts = urlsplit(url)
    if not parts.hostname or parts.username or parts.fragment:
        raise ValueError("must be like https://login.example.com")
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)):
        return url
    raise ValueError("must begin with https://, unless it leads to this machine")


def _issuer(url: str) -> str:
    if urlsplit(url).query:
        raise ValueError("must have no query")
    return require_secure(url)


IssuerUrl = Annotated[str, AfterValidator(_issuer)]
"""The address by which a provider calls itself, exactly as it does."""


def discovery_url(issuer: str) -> str:
    """Where the provider says what it is."""
    return issuer.rstrip("/") + DISCOVERY_PATH


def read_discovery(said: Any, issuer: str) -> Discovery:
    """Reads what the provider says of itself.

    Raises BadDiscovery if it is another provider, or cannot do what is needed.
    """
    if not isinstance(said, Mapping):
        raise BadDiscovery("its answer is no JSON object")
    if said.get("issuer") != issuer:
        raise BadDiscovery(
            f"it calls itself {str(said.get('issuer'))[:200]!r}; SMITH_OIDC_ISSUER must be exactly the same"
        )
    signatures = tuple(one for one in SIGNATURES if one in _texts(said, "id_token_signing_alg_values_supported"))
    if not signatures:
        raise BadDiscovery("it signs ID tokens in no way that is known here (RS256, for one)")
    methods = _texts(said, "token_endpoint_auth_methods_supported") or {"client_secret_basic"}
    if not methods & {"client_secret_basic", "client_secret_post"}:
        raise BadDiscovery("its token endpoint takes no client secret")
    challenges = _texts(said, "code_challenge_methods_supported")
    if challenges and "S256" not in challenges:
        raise BadDiscovery("it knows no PKCE with S256")
    return Discovery(
        authorization_endpoint=_endpoint(said, "authorization_endpoint"),
        token_endpoint=_endpoint(said, "token_endpoint"),
        jwks_uri=_endpoint(said, "jwks_uri"),
        userinfo_endpoint=_endpoint(said, "userinfo_endpoint") if said.get("userinfo_endpoint") else "",
        scopes=frozenset(_texts(said, "scopes_supported")),
        signatures=signatures,
        posts_secret="client_secret_post" in methods,
        sends_issuer=said.get("authorization_response_iss_parameter_supported") is True,
        takes_prompt_login=_takes_prompt_login(said, issuer),
    )


def _endpoint(said: Mapping[str, Any], name: str) -> str:
    url = said.get(name)
    if not isinstance(url, str):
        raise BadDiscovery(f"it names no {name}")
    try:
        return require_secure(url)
    except ValueError as error:
        raise BadDiscovery(f"its {name} {error}") from None


def _takes_prompt_login(said: Mapping[str, Any], issuer: str) -> bool:
    """All providers must, but for those that say otherwise (Initiating User Registration via OpenID Connect 1.0, 4.1),
    which may stop the person at an error page of their own."""
    listed = _texts(said, "prompt_values_supported")
    return "login" in listed if listed else issuer not in NO_PROMPT_LOGIN


def _texts(said: Mapping[str, Any], name: str) -> set[str]:
    values = said.get(name)
    return {one for one in values if isinstance(one, str)} if isinstance(values, list) else set()
