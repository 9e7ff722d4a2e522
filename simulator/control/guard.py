"""Protects the control API, which needs no credentials: it takes requests from programs, but not from web pages.

A page of any site can make a browser on this machine send requests here. Three things reveal them: the `Host`, if a
name of that site resolves to this machine; the `Origin` and `Sec-Fetch-Site` that browsers add; and the content type,
because without a preflight browsers send only forms and plain text.
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service_kit.addresses import ANY_ADDRESS
from service_kit.hosts import Hosts
from simulator.control.json_http import ControlError, answer_to
from simulator.settings import SimulatorSettings

READING = frozenset({"GET", "HEAD"})
FROM_HERE = frozenset({"same-origin", "none"})
CURL_SENDS = "application/x-www-form-urlencoded"
"""The content type that curl sends with `-d '{}'` by default, and browsers with forms."""


class ControlGuard:
    """The application `app` for the hosts that the simulator is known by."""

    def __init__(self, app: ASGIApp, settings: SimulatorSettings) -> None:
        self._app = app
        bound = settings.simulator_bind_host
        names = {settings.simulator_name} | ({bound} - ANY_ADDRESS)
        self._hosts = Hosts(names, any_address=bound in ANY_ADDRESS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        headers = Headers(scope=scope)
        try:
            self._check(scope["method"], headers)
        except ControlError as refusal:
            await answer_to(refusal)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check(self, method: str, headers: Headers) -> None:
        """Raises ControlError for a request that may come from a page of another site."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._hosts.knows(hosts[0]):
            raise ControlError(
                421, "Misdirected request", "The simulator answers at 127.0.0.1, localhost and SMITH_SIMULATOR_NAME."
            )
        origins = headers.getlist("origin")
        sites = headers.getlist("sec-fetch-site")
        if any(origin not in (f"http://{hosts[0]}", f"https://{hosts[0]}") for origin in origins) or not (
            FROM_HERE.issuperset(sites)
        ):
            raise ControlError(403, "Forbidden", "This request comes from a page of another site.")
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type == "application/json" or method in READING:
            return
        if media_type not in ("", CURL_SENDS) or is_of_a_browser(headers):
            raise ControlError(
                415, "Unsupported media type", "The body must be JSON, with content type application/json."
            )


def is_of_a_browser(headers: Headers) -> bool:
    """Whether the client may be a browser, by its name or by headers that other programs do not send."""
    named = headers.get("user-agent", "").lower().startswith(("mozilla/", "opera/"))
    return named or any(name in ("origin", "referer") or name.startswith("sec-") for name in headers)
