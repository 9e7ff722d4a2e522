"""Checks that the OpenID provider is the one that is meant, and can do what core needs."""

import asyncio
import ssl

import httpx
from pydantic import TypeAdapter, ValidationError

from cli.doctor.finding import Finding, fail, ok, skip
from cli.doctor.settings import DoctorSettings
from service_kit.openid import (
    CALLBACK_PATH,
    MAX_DISCOVERY_BYTES,
    BadDiscovery,
    IssuerUrl,
    discovery_url,
    read_discovery,
)

NAME = "single sign-on"


async def single_sign_on(settings: DoctorSettings, seconds: float) -> list[Finding]:
    """Reads what the provider says of itself, as core does."""
    issuer = settings.oidc_issuer
    if not issuer:
        return [skip(NAME, "SMITH_OIDC_ISSUER is not set here: people sign in with passwords")]
    try:
        TypeAdapter(IssuerUrl).validate_python(issuer)
    except ValidationError as error:
        why = error.errors()[0]["msg"].removeprefix("Value error, ")
        return [fail(NAME, f"SMITH_OIDC_ISSUER {why}", "Copy it from the provider's settings.")]
    try:
        read_discovery(await _read(settings, discovery_url(issuer), seconds), issuer)
    except BadDiscovery as error:
        return [fail(NAME, f"{issuer}: {error}", "Compare SMITH_OIDC_ISSUER with the provider's settings.")]
    except TimeoutError:
        return [fail(NAME, f"{issuer}: no answer in time", "Core must reach the provider: look at firewalls.")]
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        return [fail(NAME, f"{issuer}: {why}", "Core must reach the provider: look at its address and certificate.")]
    callback = (settings.admin or "SMITH_ADMIN_URL").rstrip("/") + CALLBACK_PATH
    return [ok(NAME, f"{issuer} answers; it must know the redirect URL {callback}")]


async def _read(settings: DoctorSettings, url: str, seconds: float) -> object:
    """The JSON at the URL. Raises BadDiscovery if it is no JSON, or too long."""
    context = await asyncio.to_thread(ssl.create_default_context)
    if settings.oidc_ca_file is not None:
        context.load_verify_locations(settings.oidc_ca_file)
    body = bytearray()
    async with (
        asyncio.timeout(seconds),
        httpx.AsyncClient(verify=context, trust_env=False, timeout=seconds) as client,
        client.stream("GET", url, headers={"accept-encoding": "identity"}) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise BadDiscovery(f"it answers {answer.status_code} at {url}")
        async for part in answer.aiter_raw():
            body += part
            if len(body) > MAX_DISCOVERY_BYTES:
                raise BadDiscovery("its answer is too long")
    try:
        return httpx.Response(200, content=bytes(body)).json()
    except ValueError:
        raise BadDiscovery("its answer is no JSON") from None
