"""HTTP to the provider, with a bound on everything: a provider that hangs or pours must not hold core."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from core_service.single_sign_on.errors import ProviderAway
from service_kit.openid import require_secure

ANSWER_SECONDS = 5.0
"""Seconds for one answer, from the look-up of the host to the last byte."""
MAX_ANSWER_BYTES = 256 * 1024
MAX_CONNECTIONS = 20


class BoundedTransport(httpx.AsyncBaseTransport):
    """Reads answers up to a size, and only over connections that cannot be read on the way. Redirects are not followed:
    a token or secret must go nowhere else."""

    def __init__(self, ca_file: Path | None = None) -> None:
        context = ssl.create_default_context()
        if ca_file is not None:
            context.load_verify_locations(ca_file)
        limits = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=2, keepalive_expiry=30.0)
        self._inner = httpx.AsyncHTTPTransport(verify=context, limits=limits, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.RequestError also for an address that is not secure, and an answer that is too long."""
        try:
            require_secure(str(request.url))
        except ValueError as error:
            raise httpx.UnsupportedProtocol(f"{request.url.host}: {error}") from None
        # What is compressed may become far longer than it comes.
        request.headers["accept-encoding"] = "identity"
        answer = await self._inner.handle_async_request(request)
        try:
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise httpx.DecodingError("the answer is compressed", request=request)
            body = bytearray()
            async for part in answer.aiter_raw():
                body += part
                if len(body) > MAX_ANSWER_BYTES:
                    raise httpx.DecodingError(f"the answer is longer than {MAX_ANSWER_BYTES} bytes", request=request)
        finally:
            await answer.aclose()
        return httpx.Response(answer.status_code, headers=answer.headers, content=bytes(body), request=request)

    async def aclose(self) -> None:
        """Closes its connections."""
        await self._inner.aclose()


@asynccontextmanager
async def in_time(name: str, seconds: float = ANSWER_SECONDS) -> AsyncIterator[None]:
    """What asks the provider inside ends within these seconds. `name` is what people call the provider.

    Raises ProviderAway if it does not, or if the provider cannot be reached.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except (TimeoutError, httpx.TimeoutException):
        raise ProviderAway(f"{name} does not answer in time. Try again in a moment.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ProviderAway(f"{name} cannot be reached. Try again in a moment.") from error
