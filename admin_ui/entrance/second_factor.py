"""The second step of signing in: a code, a recovery code or a passkey. And signing in with a passkey alone.

What core says of a sign-in that is not finished goes into a cookie, as the secrets of links do: it is in no page, and
only this browser can finish what it has begun.
"""

import json

from fastapi import APIRouter
from smith.core.v1.passkey_service_pb2 import BeginPasskeySignInRequest
from smith.core.v1.second_factor_service_pb2 import CompleteSignInRequest
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from admin_ui.cookies import LinkCookie
from admin_ui.core import Refused
from admin_ui.entrance.form import Faults, faults_of, read_form
from admin_ui.entrance.html import page, status_of
from admin_ui.entrance.paths import within
from admin_ui.settings import AdminSettings
from admin_ui.site import Site
from admin_ui.texts import _

PATH = "/sign-in/second-factor"
CHALLENGE = r"sic_[A-Za-z0-9_-]{1,196}"
WRONG_CODE = _("This code is wrong, or was used before.")
EXPIRED = "/sign-in?again=1"
"""Where a sign-in that took too long begins again."""


def challenge_cookie(settings: AdminSettings) -> LinkCookie:
    """Holds what finishes a sign-in that the password has begun."""
    return LinkCookie(settings, "signing_in", CHALLENGE)


def serve(router: APIRouter, site: Site) -> None:
    """Answers `/sign-in/second-factor` and what passkeys need."""
    step = _Step(site)
    router.add_api_route(PATH, step.show, methods=["GET", "HEAD"], include_in_schema=False)
    router.add_api_route(PATH, step.finish, methods=["POST"], include_in_schema=False)
    router.add_api_route(f"{PATH}/options", step.options, methods=["POST"], include_in_schema=False)
    alone = _Passkey(site)
    router.add_api_route("/sign-in/passkey", alone.finish, methods=["POST"], include_in_schema=False)
    router.add_api_route("/sign-in/passkey/options", alone.options, methods=["POST"], include_in_schema=False)


class _Step:
    """After the password."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._cookie = challenge_cookie(site.settings)

    async def show(self, request: Request) -> Response:
        if self._cookie.read(request) is None:
            return RedirectResponse("/sign-in", status_code=303)
        return _form(request, within(request.query_params.get("next", "")))

    async def options(self, request: Request) -> Response:
        challenge = self._cookie.read(request)
        if challenge is None:
            return _said(_("This sign-in has expired. Begin again."), 404)
        return await _options(self._site, request, BeginPasskeySignInRequest(challenge=challenge))

    async def finish(self, request: Request) -> Response:
        sent = await read_form(request, ("code", "passkey", "next"))
        challenge, following = self._cookie.read(request), within(sent["next"])
        if challenge is None:
            return RedirectResponse(EXPIRED, status_code=303)
        code, passkey = sent["code"].strip(), sent["passkey"]
        if not (code or passkey):
            return _form(request, following, Faults(fields={"code": _("Enter a code.")}))
        asked = CompleteSignInRequest(challenge=challenge, **({"passkey": passkey} if passkey else {"code": code[:40]}))
        core = self._site.core
        try:
            done = await core.ask(self._site.stranger(request), core.second_factor.CompleteSignIn, asked)
        except Refused as refusal:
            if refusal.reason == "NOT_FOUND":
                return self._begin_again()
            wrong = {"": refusal.message} if passkey else {"code": WRONG_CODE}
            return _form(request, following, faults_of(refusal, {"code": WRONG_CODE}, forbidden=wrong))
        response = self._site.cookie.open(done.session_token, done.expires_at, following)
        self._cookie.clear(response)
        return response

    def _begin_again(self) -> Response:
        response = RedirectResponse(EXPIRED, status_code=303)
        self._cookie.clear(response)
        return response


class _Passkey:
    """Instead of the password."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._cookie = LinkCookie(site.settings, "passkey", CHALLENGE)

    async def options(self, request: Request) -> Response:
        return await _options(self._site, request, BeginPasskeySignInRequest(), self._cookie)

    async def finish(self, request: Request) -> Response:
        sent = await read_form(request, ("passkey", "next"))
        challenge, core = self._cookie.read(request), self._site.core
        if challenge is None or not sent["passkey"]:
            return RedirectResponse(EXPIRED, status_code=303)
        asked = CompleteSignInRequest(challenge=challenge, passkey=sent["passkey"])
        try:
            done = await core.ask(self._site.stranger(request), core.second_factor.CompleteSignIn, asked)
        except Refused as refusal:
            again = "again=1" if refusal.reason == "NOT_FOUND" else "passkey=unknown"
            response: Response = RedirectResponse(f"/sign-in?{again}", status_code=303)
        else:
            response = self._site.cookie.open(done.session_token, done.expires_at, within(sent["next"]))
        self._cookie.clear(response)
        return response


async def _options(
    site: Site, request: Request, asked: BeginPasskeySignInRequest, cookie: LinkCookie | None = None
) -> Response:
    """What the browser needs to use a passkey, as JSON."""
    try:
        begun = await site.core.ask(site.stranger(request), site.core.passkeys.BeginPasskeySignIn, asked)
    except Refused as refusal:
        return _said(refusal.message, status_of(refusal))
    response = JSONResponse({"options": json.loads(begun.options_json)})
    if cookie is not None:
        cookie.write(response, begun.challenge)
    return response


def _said(message: str, status: int) -> Response:
    return JSONResponse({"message": message}, status)


def _form(request: Request, following: str, faults: Faults | None = None) -> Response:
    faults = faults or Faults()
    return page(
        request,
        "second_factor.html",
        title=_("One more step"),
        status=faults.status if faults else 200,
        headers=faults.headers,
        faults=faults,
        next=following,
    )
