"""An OpenID provider over real HTTP that signs whatever a test wants, and a browser that goes there and back."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from tests.core.harness import Core
from tests.waiting import LONG

CLIENT_ID, CLIENT_SECRET = "smith", "a secret of the client"
REDIRECT = "http://admin.test/single-sign-on/callback"
Claims = dict[str, Any]
ASKING_AGAIN = frozenset({"max_age=0", "prompt=login"})


@dataclass
class Person:
    """Somebody whom the provider knows."""

    subject: str
    email: str
    groups: list[str] | None = None
    email_verified: Any = True
    name: str = "Ann"

    def claims(self) -> Claims:
        """What the provider says of them."""
        said: Claims = {"sub": self.subject, "name": self.name}
        if self.email:
            said["email"] = self.email
        if self.email_verified is not None:
            said["email_verified"] = self.email_verified
        return said | ({} if self.groups is None else {"groups": self.groups})


@dataclass
class OpenIdProvider:
    """The provider. Tests change its fields while it runs."""

    url: str = ""
    person: Person | None = None
    """Who is signed in there: the browser that asks comes back as this person."""
    session_age: float | None = None
    """How many seconds ago the browser's session began there. None if there is none: then it asks the person."""
    asks_again_for: frozenset[str] = ASKING_AGAIN
    """Parameters for which it asks the person although there is a session."""
    tells_auth_time: bool = True
    alter: Callable[[Claims], Claims] = dict
    """Changes the claims of ID tokens."""
    signs: Callable[["OpenIdProvider", Claims], str] | None = None
    """Makes ID tokens instead of the provider's own way."""
    says: dict[str, Any] = field(default_factory=dict)
    """Changes what it says of itself."""
    broken: str = ""
    """Path that fails: with 500, or as `fails` says."""
    fails: str = "500"
    grants_refresh: bool = True
    refresh_has_id_token: bool = True
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": secrets.token_hex(4)}))
    codes: dict[str, tuple[Person, str, str, int]] = field(default_factory=dict)
    """Codes that were given out: for whom, with which nonce and challenge, and when they authenticated."""
    tokens: dict[str, Person] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """Paths that were asked for."""
    authorized: list[dict[str, str]] = field(default_factory=list)
    """Parameters with which browsers came."""
    redirect: str = REDIRECT
    """Where it sends browsers back to, and to no other address."""
    release: threading.Event = field(default_factory=threading.Event)
    """Ends what hangs."""

    def rotate(self) -> None:
        """Signs with another key from now on."""
        self.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4)})

    def token(self, person: Person, nonce: str | None, access: str, auth_time: int | None = None) -> str:
        """An ID token. Of one that is renewed it is not known any more when the person authenticated."""
        digest = hashlib.sha256(access.encode()).digest()[:16]
        now = int(time.time())
        claims = person.claims() | {
            "iss": self.url,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "at_hash": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        }
        if auth_time is not None and self.tells_auth_time:
            claims["auth_time"] = auth_time
        claims = self.alter(claims | ({"nonce": nonce} if nonce else {}))
        if self.signs is not None:
            return self.signs(self, claims)
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def discovery(self) -> dict[str, Any]:
        """What it says of itself."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "email", "profile", "offline_access", "groups"],
        } | self.says

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent back to."""
        self.authorized.append(asked)
        assert self.person is not None
        assert asked["redirect_uri"] == self.redirect
        assert asked["code_challenge_method"] == "S256"
        asks_again = not self.asks_again_for.isdisjoint(f"{name}={value}" for name, value in asked.items())
        age = 0 if self.session_age is None or asks_again else self.session_age
        code = secrets.token_urlsafe(16)
        self.codes[code] = (self.person, asked["nonce"], asked["code_challenge"], int(time.time() - age))
        return f"{self.redirect}?{urlencode({'code': code, 'state': asked['state']})}"

    def exchange(self, sent: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Answers the token endpoint."""
        if (sent.get("client_id"), sent.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}
        if sent["grant_type"] == "authorization_code":
            person, nonce, challenge, auth_time = self.codes.pop(sent["code"], (None, "", "", 0))
            digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
            proven = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
            if person is None or not proven:
                return 400, {"error": "invalid_grant"}
            return 200, self._grant(person, nonce, auth_time)
        person = self.tokens.pop(sent["refresh_token"], None)
        if person is None:
            return 400, {"error": "invalid_grant"}
        answer = self._grant(person, None)
        return 200, answer if self.refresh_has_id_token else {
            name: value for name, value in answer.items() if name != "id_token"
        }

    def _grant(self, person: Person, nonce: str | None, auth_time: int | None = None) -> dict[str, Any]:
        access, refresh = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        self.tokens[access] = person
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": 300}
        if self.grants_refresh:
            self.tokens[refresh] = person
            answer["refresh_token"] = refresh
        return answer | {"id_token": self.token(person, nonce, access, auth_time)}

    def heal(self) -> None:
        """Behaves as at first: what a test has changed of it is forgotten, and what hangs ends."""
        self.alter, self.signs, self.broken, self.fails = dict, None, "", "500"
        self.grants_refresh = self.refresh_has_id_token = self.tells_auth_time = True
        self.session_age, self.asks_again_for = None, ASKING_AGAIN
        self.release.set()
        self.release.clear()

    def forget(self) -> None:
        """Knows no token any more."""
        self.tokens.clear()


class _Handler(BaseHTTPRequestHandler):
    provider: OpenIdProvider

    def do_GET(self) -> None:
        """Everything but the token endpoint."""
        path, _, query = self.path.partition("?")
        provider = self.provider
        provider.asked.append(path)
        if self._breaks(path):
            return
        if path == "/.well-known/openid-configuration":
            self._answer(200, provider.discovery())
        elif path == "/keys":
            self._answer(200, {"keys": [provider.key.as_dict(private=False), {"kty": "unknown", "kid": "x"}]})
        elif path == "/authorize":
            self.send_response(302)
            self.send_header(
                "Location", provider.authorize({name: values[0] for name, values in parse_qs(query).items()})
            )
            self.end_headers()
        elif path == "/userinfo":
            person = provider.tokens.get(self.headers["authorization"].removeprefix("Bearer "))
            self._answer(200, person.claims()) if person else self._answer(401, {"error": "invalid_token"})
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        """The token endpoint."""
        self.provider.asked.append(self.path)
        sent = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        if not self._breaks(self.path):
            self._answer(*self.provider.exchange({name: values[0] for name, values in sent.items()}))

    def _breaks(self, path: str) -> bool:
        if path != self.provider.broken:
            return False
        match self.provider.fails:
            case "is slow":
                self.provider.release.wait(2 * LONG)
                return False
            case "hangs":
                self.provider.release.wait(2 * LONG)
            case "pours":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"[" * 10_000_000)
            case "redirects":
                self.send_response(302)
                self.send_header("Location", f"{self.provider.url}/elsewhere")
                self.end_headers()
            case "no json":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"<html>")
            case status:
                self._answer(int(status), {"error": "server_error"})
        return True

    def _answer(self, status: int, said: dict[str, Any]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nothing is shown."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


@contextmanager
def running_provider() -> Iterator[OpenIdProvider]:
    """A provider on a free port."""
    provider = OpenIdProvider()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"provider": provider}))
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


def unsigned(_: OpenIdProvider, claims: Claims) -> str:
    """A token with `alg: none`."""
    parts = (json.dumps({"alg": "none"}).encode(), json.dumps(claims).encode())
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def signed_by_our_secret(_: OpenIdProvider, claims: Claims) -> str:
    """A token that anyone with the client's secret can make."""
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET), algorithms=["HS256"])


def signed_by_the_public_key(provider: OpenIdProvider, claims: Claims) -> str:
    """A token whose secret is the public key, which everybody knows."""
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "kid": provider.key.kid}, claims)
    )
    # By hand: the library refuses to make such a token.
    mac = hmac.digest(provider.key.as_pem(private=False), head + b"." + body, "sha256")
    return b".".join((head, body, base64.urlsafe_b64encode(mac).rstrip(b"="))).decode()


def signed_by_another(provider: OpenIdProvider, claims: Claims) -> str:
    """A token of somebody else's key that claims to be the provider's."""
    key = RSAKey.generate_key(2048, {"kid": provider.key.kid})
    return jwt.encode({"alg": "RS256", "kid": provider.key.kid}, claims, key)


@dataclass
class Visit:
    """A browser that has been at the provider and came back."""

    state: str
    code: str
    browser_secret: str
    core: Core
    address: str

    async def complete(self, **changes: Any) -> Any:
        """Ends the sign-in."""
        sent = {"state": self.state, "code": self.code, "browser_secret": self.browser_secret} | changes
        return await self.core.caller(address=self.address).CompleteSingleSignOn(**sent)


async def visit(core: Core, address: str = "198.51.100.7", *, without: Collection[str] = (), **asked: Any) -> Visit:
    """Begins a sign-in, as `asked`, and sends the browser to the provider: `without` these parameters, which the
    person who sits there has taken out of the address."""
    begun = await core.caller(address=address).BeginSingleSignOn(**asked)
    url = httpx.URL(begun.authorization_url)
    for name in without:
        url = url.copy_remove_param(name)
    # No certificates for http: they take longer to load than the rest of the sign-in.
    async with httpx.AsyncClient(trust_env=False, verify=url.scheme == "https", timeout=LONG) as browser:
        answer = await browser.get(url)
    back = parse_qs(urlsplit(answer.headers["location"]).query)
    return Visit(back["state"][0], back["code"][0], begun.browser_secret, core, address)


async def sign_in(core: Core, provider: OpenIdProvider, person: Person) -> Any:
    """The answer to a whole sign-in."""
    provider.person = person
    return await (await visit(core)).complete()


def settings_for(provider: OpenIdProvider, **more: Any) -> dict[str, Any]:
    """Settings of a core that signs people in by this provider; people of `ops` own the account, those of `staff` are
    members."""
    return {
        "oidc_issuer": provider.url,
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": CLIENT_SECRET,
        "oidc_name": "Example",
        "oidc_owner_groups": "ops",
        "oidc_member_groups": "staff, helpers",
        "admin_url": "http://admin.test",
    } | more


BY_INVITATION = {"oidc_owner_groups": "", "oidc_member_groups": ""}
"""Settings with which groups decide nothing."""
