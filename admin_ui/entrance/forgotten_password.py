"""For people who have lost their password: the page that asks for a link, and the page that the link opens.

The answer is the same for every address, so that it does not reveal who has a login. The link's secret goes into a
cookie at once, as that of an invite does, and opening the link does not use it up.
"""

from fastapi import APIRouter
from smith.core.v1.password_reset_service_pb2 import (
    GetPasswordResetRequest,
    GetPasswordResetResponse,
    RequestPasswordResetRequest,
    ResetPasswordRequest,
)
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin_ui.cookies import LinkCookie
from admin_ui.core import Refused
from admin_ui.entrance.form import Faults, check_email, check_new_password, faults_of, read_form
from admin_ui.entrance.html import page, refused_page
from admin_ui.entrance.sign_in import address_cookie
from admin_ui.site import Site
from admin_ui.texts import _

TOKEN = r"pwr_[A-Za-z0-9_-]{1,196}"  # noqa: S105 - what tokens look like
ASKED = {"email": _("This is no e-mail address. One is like ann@example.com.")}
CHOSEN = {"new_password": _("Choose a password of 10 to 200 characters.")}


def serve(router: APIRouter, site: Site) -> None:
    """Answers `/forgot-password` and `/reset-password`, and takes the links of mails."""
    asking, choosing = _Asking(site), _Choosing(site)
    router.add_api_route("/forgot-password", asking.show, methods=["GET", "HEAD"], include_in_schema=False)
    router.add_api_route("/forgot-password", asking.ask, methods=["POST"], include_in_schema=False)
    router.add_api_route("/reset-password", choosing.show, methods=["GET", "HEAD"], include_in_schema=False)
    router.add_api_route(
        "/reset-password/{token}", choosing.open_link, methods=["GET", "HEAD"], include_in_schema=False
    )
    router.add_api_route("/reset-password", choosing.choose, methods=["POST"], include_in_schema=False)


class _Asking:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: Request) -> Response:
        return _question(request, Faults(), "")

    async def ask(self, request: Request) -> Response:
        email = (await read_form(request, ("email",)))["email"].strip()
        faults = Faults()
        check_email(faults, email)
        if faults:
            return _question(request, faults, email)
        core, asked = self._site.core, RequestPasswordResetRequest(email=email)
        try:
            await core.ask(self._site.stranger(request), core.password_resets.RequestPasswordReset, asked)
        except Refused as refusal:
            return _question(request, faults_of(refusal, ASKED), email)
        return page(request, "password_asked.html", title=_("A link was asked for"), email=email)


class _Choosing:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._cookie = LinkCookie(site.settings, "password", TOKEN)
        self._address = address_cookie(site.settings)

    async def open_link(self, token: str) -> Response:
        return self._cookie.redirect(token, "/reset-password")

    async def show(self, request: Request) -> Response:
        try:
            found = await self._look(request)
        except Refused as refusal:
            return refused_page(request, refusal)
        return _dead_end(request) if found is None else _choice(request, found)

    async def choose(self, request: Request) -> Response:
        password = (await read_form(request, ("new_password",)))["new_password"]
        try:
            found = await self._look(request)
        except Refused as refusal:
            return refused_page(request, refusal)
        if found is None:
            return RedirectResponse("/reset-password", status_code=303)
        faults = Faults()
        check_new_password(faults, password, "new_password")
        if faults:
            return _choice(request, found, faults)
        core, token = self._site.core, self._cookie.read(request) or ""
        asked = ResetPasswordRequest(token=token, new_password=password)
        try:
            done = await core.ask(self._site.stranger(request), core.password_resets.ResetPassword, asked)
        except Refused as refusal:
            if refusal.reason == "NOT_FOUND":
                return RedirectResponse("/reset-password", status_code=303)
            return _choice(request, found, faults_of(refusal, CHOSEN))
        response = RedirectResponse("/sign-in", status_code=303)
        self._cookie.clear(response)
        self._site.cookie.clear(response)
        self._address.write(response, done.email)
        return response

    async def _look(self, request: Request) -> GetPasswordResetResponse | None:
        """The person whose password the link in the browser's cookie sets; None if it does not work. Raises Refused."""
        token = self._cookie.read(request)
        if token is None:
            return None
        core, asked = self._site.core, GetPasswordResetRequest(token=token)
        try:
            return await core.ask(self._site.stranger(request), core.password_resets.GetPasswordReset, asked)
        except Refused as refusal:
            if refusal.reason == "NOT_FOUND":
                return None
            raise


def _question(request: Request, faults: Faults, email: str) -> Response:
    return page(
        request,
        "forgotten_password.html",
        title=_("Forgot your password?"),
        status=faults.status if faults else 200,
        headers=faults.headers,
        faults=faults,
        email=email,
    )


def _choice(request: Request, found: GetPasswordResetResponse, faults: Faults | None = None) -> Response:
    faults = faults or Faults()
    return page(
        request,
        "new_password.html",
        title=_("Choose a new password"),
        status=faults.status if faults else 200,
        headers=faults.headers,
        faults=faults,
        email=found.email,
    )


def _dead_end(request: Request) -> Response:
    return page(request, "password_dead_end.html", title=_("This link cannot be used"), status=404)
