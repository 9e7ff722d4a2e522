"""Signing in with the login of another service. Core speaks with that service; this only sends the browser there, keeps
the secret that ties the answer to this browser, and takes the browser back."""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from fastapi import APIRouter
from smith.core.v1.single_sign_on_service_pb2 import (
    BeginSingleSignOnRequest,
    CompleteSingleSignOnRequest,
    GetSingleSignOnRequest,
    GetSingleSignOnResponse,
)
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin_ui.cookies import LinkCookie
from admin_ui.core import Refused
from admin_ui.entrance.html import page, status_of
from admin_ui.entrance.paths import within
from admin_ui.site import Site
from admin_ui.texts import _

PROVE = "prove"
"""Marks a sign-in that is to show once more who the person is. Core keeps that itself and does not believe the browser:
here it only says what to offer if it fails."""
KEPT = rf"sso_[A-Za-z0-9_-]{{20,196}} (?:{PROVE} )?/[^\x00-\x1f\x7f]{{0,1000}}"
"""The secret of this browser, the mark, and the page to go to afterwards."""
MAX_PATH = 1000
"""Most characters of a path that a cookie carries, once they are percent-encoded."""
DENIED = _("You did not agree, or that service does not let you in here.")
OTHER_BROWSER = _(
    "This sign-in was begun in another browser, was used already, or took longer than 10 minutes. Begin again."
)
NOT_ASKED = _(
    "That service did not ask you to sign in again, so this does not show that it is you. Begin again. If that does "
    "not help, choose “Other ways to sign in”, then “Forgot password?”: a password shows it as well."
)
NO_ANSWER = _("That service sent you back without an answer. Begin again.")


def serve(router: APIRouter, site: Site) -> None:
    """Answers `/single-sign-on`, and takes browsers back that come from the other service."""
    way = _Way(site)
    router.add_api_route("/single-sign-on", way.begin, methods=["GET"], include_in_schema=False)
    router.add_api_route("/single-sign-on/callback", way.complete, methods=["GET"], include_in_schema=False)


async def offer(site: Site, request: Request) -> GetSingleSignOnResponse:
    """What the page for signing in offers. Nothing if core cannot say: the form for passwords then says why."""
    try:
        asked = GetSingleSignOnRequest()
        return await site.core.ask(site.stranger(request), site.core.single_sign_on.GetSingleSignOn, asked)
    except Refused:
        return GetSingleSignOnResponse()


class _Way:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._cookie = LinkCookie(site.settings, "single_sign_on", KEPT)

    async def begin(self, request: Request) -> Response:
        following = within(request.query_params.get("next", ""))
        if len(quote(following)) > MAX_PATH:
            following = "/"
        proves = PROVE in request.query_params
        public = self._site.settings.public_url
        if request.headers.get("host") != urlsplit(public).netloc and "here" not in request.query_params:
            # The other service sends the browser back there, where it must find its cookie.
            mark = f"{PROVE}=1&" if proves else ""
            return RedirectResponse(f"{public}/single-sign-on?here=1&{mark}next={quote(following)}", status_code=303)
        core = self._site.core
        try:
            asked = BeginSingleSignOnRequest(reauthenticate=proves)
            begun = await core.ask(self._site.stranger(request), core.single_sign_on.BeginSingleSignOn, asked)
        except Refused as refusal:
            return _failed(request, refusal.message, following, status_of(refusal), refusal.facts, proves=proves)
        response = RedirectResponse(begun.authorization_url, status_code=303)
        response.headers["Referrer-Policy"] = "no-referrer"
        self._cookie.write(response, f"{begun.browser_secret} {PROVE + ' ' if proves else ''}{following}")
        return response

    async def complete(self, request: Request) -> Response:
        secret, _space, kept = (self._cookie.read(request) or "").partition(" ")
        path = kept.removeprefix(f"{PROVE} ")
        proves, following = path != kept, within(path)
        state, code = (request.query_params.get(name, "") for name in ("state", "code"))
        if "error" in request.query_params:
            # Its own words are not shown: anybody can make a link with any words.
            without = NOT_ASKED if proves else NO_ANSWER
            message = DENIED if request.query_params["error"] == "access_denied" else without
            return _failed(request, message, following, 403, proves=proves)
        if not state or not code:
            return _failed(request, NO_ANSWER, following, 400, proves=proves)
        if not secret:
            return _failed(request, OTHER_BROWSER, following, 404)
        core = self._site.core
        asked = CompleteSingleSignOnRequest(
            state=state, code=code, browser_secret=secret, issuer=request.query_params.get("iss")
        )
        try:
            opened = await core.ask(self._site.stranger(request), core.single_sign_on.CompleteSingleSignOn, asked)
        except Refused as refusal:
            message = OTHER_BROWSER if refusal.reason == "NOT_FOUND" else refusal.message
            return _failed(request, message, following, status_of(refusal), refusal.facts, proves=proves)
        response = self._site.cookie.open(opened.session_token, opened.expires_at, following)
        response.headers["Referrer-Policy"] = "no-referrer"
        self._cookie.clear(response)
        return response


def _failed(
    request: Request,
    message: str,
    following: str,
    status: int,
    facts: Mapping[str, object] | None = None,
    *,
    proves: bool = False,
) -> Response:
    wait = (facts or {}).get("retry_after_seconds")
    return page(
        request,
        "single_sign_on_failed.html",
        title=_("You are not signed in"),
        status=status,
        headers={"retry-after": str(wait)} if wait else None,
        message=message,
        next=following,
        prove=proves,
    )
