"""Asks the gateway, the web admin or the simulator, by HTTP."""

import asyncio
from typing import Any

import httpx

from cli.probing.answer import Answer, State

STRANGE = Answer(State.STRANGE, "another program answers")


async def ask_http(url: str, seconds: float, path: str = "/readyz") -> Answer:
    """Asks the process at this URL. Raises nothing but cancellation."""
    try:
        # No proxy for a local process. No certificates for http, because they take long to load.
        verify = url.startswith("https:")
        async with httpx.AsyncClient(timeout=seconds, trust_env=False, verify=verify) as client:
            async with asyncio.timeout(seconds):
                answer = await client.get(f"{url}{path}")
            return _understand(answer.status_code, answer.json())
    except (httpx.TimeoutException, TimeoutError):
        return Answer(State.AWAY, "no answer in time")
    except (httpx.RemoteProtocolError, ValueError):
        return STRANGE
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Answer(State.AWAY, " ".join(str(error).split())[:200] or type(error).__name__)


def _understand(status: int, said: Any) -> Answer:
    if not isinstance(said, dict):
        return STRANGE
    if status == httpx.codes.SERVICE_UNAVAILABLE and "error" in said:
        return Answer(State.NOT_READY, f"runs, and cannot serve: {said.get('message', status)}")
    if status != httpx.codes.OK or "status" not in said:
        return STRANGE
    return Answer(State.READY, ", but warns of ".join(["ready", *map(str, said.get("warnings", ()))]))
