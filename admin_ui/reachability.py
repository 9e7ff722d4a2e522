"""Whether other processes of the server answer by HTTP, for the page about the server."""

import httpx

SECONDS = 2.0


async def answers(url: str) -> bool:
    """Whether the process at this URL says that it can serve, within two seconds."""
    try:
        # No certificates for http, because they take long to load.
        verify = url.startswith("https:")
        async with httpx.AsyncClient(timeout=SECONDS, trust_env=False, verify=verify) as http:
            return (await http.get(url)).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
