"""Registers pages: who may see them, the frame around them, and what happens when core refuses."""

import inspect
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import quote

from nicegui import Client, ui
from smith.core.v1.account_service_pb2 import GetAccountRequest, GetAccountResponse
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin_ui import theme
from admin_ui.admitted_page import AdmittedPage
from admin_ui.components.states import error_state
from admin_ui.cookies import SessionCookie
from admin_ui.core import Caller, Core, Refused
from admin_ui.destinations import DestinationsOfServer
from admin_ui.entrance.html import refused_page, status_of
from admin_ui.feed import Feeds, FollowedPage, Watcher
from admin_ui.page_task import keep_doing
from admin_ui.settings import AdminSettings
from admin_ui.texts import _
from admin_ui.visit import Visit

log = logging.getLogger(__name__)

BUILD_SECONDS = 15.0
"""Seconds within which a page must be built. Calls of core have shorter limits."""
SIGNED_OUT = "/sign-in?ended=1"
"""Where a page goes when its session is no longer valid for it. A person who is signed in is sent on to `/`."""
SET_UP_FACTOR = "/second-factor"
"""The only page for people without a second factor where the account requires one."""
LOOK_SECONDS = 1.0
"""How often that page asks whether the session is still good: it may not watch events."""

Builder = Callable[..., Awaitable[None]]
"""Draws a page."""


@dataclass(frozen=True)
class Place:
    """An entry of the navigation."""

    path: str
    name: str
    icon: str
    needs_simulator: bool = False
    is_for_owners: bool = False


NAVIGATION = (
    Place("/", _("Overview"), "space_dashboard"),
    Place("/lock-screen", _("Lock screen"), "phone_iphone", needs_simulator=True),
    Place("/playground", _("Playground"), "bolt"),
    Place("/live-activities", _("Live Activities"), "timelapse"),
    Place("/delivery-log", _("Delivery log"), "receipt_long"),
    Place("/requests", _("Requests"), "swap_vert", is_for_owners=True),
    Place("/widgets", _("Widgets"), "widgets"),
    Place("/channels", _("Channels"), "tag"),
    Place("/devices", _("Devices"), "devices"),
    Place("/api-keys", _("API keys"), "key"),
    Place("/members", _("Members"), "group"),
    Place("/settings", _("Settings"), "settings"),
)


def api_reference(settings: AdminSettings) -> str:
    """The URL of the gateway's API reference."""
    return f"{settings.gateway_url}/api/docs"


class Site:
    """All pages, and what they have in common."""

    def __init__(self, core: Core, settings: AdminSettings) -> None:
        self.core = core
        self.settings = settings
        self.cookie = SessionCookie(settings)
        self.feeds = Feeds(core)
        self._destinations = DestinationsOfServer(core)
        self._paths: set[str] = set()

    def navigation(self, *, is_owner: bool) -> list[Place]:
        """The navigation entries that exist in this installation, for this person."""
        simulated = self.settings.simulator_url is not None
        return [
            place
            for place in NAVIGATION
            if place.path in self._paths
            and (simulated or not place.needs_simulator)
            and (is_owner or not place.is_for_owners)
        ]

    def caller(self, request: Request) -> Caller:
        """Who asks for a page."""
        return Caller(self.cookie.read(request), request.client.host if request.client else "")

    def stranger(self, request: Request) -> Caller:
        """The same caller without a session."""
        return replace(self.caller(request), session_token=None)

    async def note_destinations(self, request: Request) -> None:
        """For pages before signing in: stores in the request where pushes and mails go."""
        request.state.destinations = await self._destinations.now(self.stranger(request))

    def page(self, path: str, *, title: str) -> Callable[[Builder], Builder]:
        """Registers a page for people who are signed in; others are sent to sign in first.

        The builder is called with a Visit and the path's parameters.
        """

        def register(build: Builder) -> Builder:
            async def served(request: Request, **parameters: str) -> Response | None:
                caller = self.caller(request)
                visit = Visit(self.core, caller, self.settings, request.state.found)
                visit.destinations = await self._destinations.now(self.stranger(request))
                places = [] if visit.lacks_second_factor else self.navigation(is_owner=visit.is_owner)
                with theme.frame(visit, places, title=title, path=path):
                    try:
                        await build(visit, **parameters)
                    except Refused as refusal:
                        if refusal.is_signed_out:
                            return RedirectResponse(signed_out(request), status_code=303)
                        _show(refusal)
                self._follow(visit)
                return None

            self._register(path, title, served, build)
            return build

        return register

    async def admit(self, request: Request) -> Response | None:
        """Lets in people who are signed in, and stores in the request what core says about them."""
        caller = self.caller(request)
        if caller.session_token is None:
            return self.to_sign_in(request)
        try:
            request.state.found = await self.core.ask(caller, self.core.accounts.GetAccount, GetAccountRequest())
        except Refused as refusal:
            return self.to_sign_in(request) if refusal.is_signed_out else refused_page(request, refusal)
        if request.state.found.lacks_second_factor and request.url.path != SET_UP_FACTOR:
            return RedirectResponse(SET_UP_FACTOR, status_code=303)
        return None

    def to_sign_in(self, request: Request) -> Response:
        """Sends the browser to sign in, and back to where it was afterwards."""
        here = _here(request)
        response = RedirectResponse("/sign-in" if here == "/" else f"/sign-in?next={quote(here)}", status_code=303)
        if request.cookies.get(self.cookie.name):
            self.cookie.clear(response)
        return response

    def _register(self, path: str, title: str, served: Callable[..., Any], build: Builder) -> None:
        """Registers with NiceGUI, which reads the path's parameters from the signature."""
        own = list(inspect.signature(build).parameters.values())[1:]
        request = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)
        served.__signature__ = inspect.Signature([request, *own])  # type: ignore[attr-defined]
        self._paths.add(path)
        name = f"{title} · {theme.PRODUCT}"
        AdmittedPage(path, admit=self.admit, title=name, response_timeout=BUILD_SECONDS)(served)

    def _follow(self, visit: Visit) -> None:
        """Keeps the page up to date for as long as a browser shows it."""
        client = ui.context.client
        ui.on_exception(tell_of)

        if visit.lacks_second_factor:
            ui.timer(LOOK_SECONDS, partial(_look, visit))
            return

        def end(refusal: Refused) -> None:
            if refusal.is_for_want_of_second_factor:
                with client:
                    ui.navigate.to(SET_UP_FACTOR)
            else:
                send_to_sign_in(client)

        def found(now: GetAccountResponse) -> None:
            # The page was drawn for the rights that the person had.
            if now.member.role != visit.member.role:
                with client:
                    ui.navigate.reload()

        leave = self.feeds.join(visit.caller, visit.watchers, FollowedPage(end, found))

        async def watch(watcher: Watcher) -> None:
            await watcher.run()
            # A watcher ends if core says that the person is signed out, perhaps before the stream of events says so.
            send_to_sign_in(client)

        for watcher in visit.watchers:
            keep_doing(partial(watch, watcher), "a watcher")
        client.on_delete(leave)


async def _look(visit: Visit) -> None:
    """Leaves the page for setting up a second factor once there is one, or once the session is over."""
    found = await visit.ask(visit.core.accounts.GetAccount, GetAccountRequest())
    if not found.lacks_second_factor and not visit.is_busy:
        ui.navigate.to("/")


def signed_out(request: Request) -> str:
    """Where the page of this request goes when its session is over: to sign in, and back."""
    here = _here(request)
    return SIGNED_OUT if here == "/" else f"{SIGNED_OUT}&next={quote(here, safe='')}"


def send_to_sign_in(client: Client) -> None:
    """Has a page whose session is over go where its person can sign in. One whose person has just signed out is on its
    way already, and goes on."""
    client.run_javascript(f"window.smith.end({json.dumps(signed_out(client.request))})")


def _here(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _show(refusal: Refused) -> None:
    ui.context.client.status_code = status_of(refusal)
    error_state(refusal.message)


def tell_of(error: Exception) -> None:
    """Shows the error of what the person did, in the corner of the page."""
    if isinstance(error, Refused):
        if error.is_signed_out:
            send_to_sign_in(ui.context.client)
        elif error.is_for_want_of_second_factor:
            ui.navigate.to(SET_UP_FACTOR)
        else:
            ui.notify(error.message, type="negative", multi_line=True, close_button=_("Close"), timeout=8000)
        return
    # NiceGUI logs it.
    ui.notify(_("Something went wrong. The server's log says what."), type="negative", close_button=_("Close"))
