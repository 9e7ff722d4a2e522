"""Signing in and out: plain forms, so that the secret goes into a cookie and never into the page."""

from collections.abc import Mapping
from urllib.parse import quote

from fastapi import APIRouter
from smith.core.v1.account_service_pb2 import (
    CreateSessionRequest,
    DeleteSessionRequest,
    GetAccountRequest,
    GetSetupRequest,
)
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin_ui.cookies import LinkCookie
from admin_ui.core import Refused
from admin_ui.entrance.form import Faults, faults_of, read_form
from admin_ui.entrance.html import page, refused_page
from admin_ui.entrance.paths import passkeys_work_at, within
from admin_ui.entrance.second_factor import PATH as SECOND_STEP
from admin_ui.entrance.second_factor import challenge_cookie
from admin_ui.entrance.single_sign_on import offer
from admin_ui.settings import AdminSettings
from admin_ui.site import Site
from admin_ui.texts import _

WRONG = _("The e-mail address or the password is wrong.")
ENDED = _("Your session has ended. Sign in again.")
AGAIN = _("That took too long, or was tried too often. Sign in again.")
UNKNOWN_PASSKEY = _("This passkey does not sign you in here. Use your password.")
PROVE = _("Sign in again to show that it is you. Then you are back where you were.")
RESET = _("Your new password is set. Sign in with it.")


def serve(router: APIRouter, site: Site) -> None:
    """Answers `/sign-in` and `/sign-out`."""
    entrance = _Entrance(site)
    router.add_api_route("/sign-in", entrance.show, methods=["GET", "HEAD"], include_in_schema=False)
    router.add_api_route("/sign-in", entrance.sign_in, methods=["POST"], include_in_schema=False)
    router.add_api_route("/sign-out", entrance.sign_out, methods=["POST"], include_in_schema=False)


def address_cookie(settings: AdminSettings) -> LinkCookie:
    """Holds the address of a person who has just set a new password, until the page for signing in has shown it."""
    return LinkCookie(settings, "address", r"[^\x00-\x20\x7f]{3,254}")


class _Entrance:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._address = address_cookie(site.settings)
        self._challenge = challenge_cookie(site.settings)

    async def show(self, request: Request) -> Response:
        site = self._site
        following = within(request.query_params.get("next", ""))
        has_session = site.caller(request).session_token is not None
        ended = "ended" in request.query_params
        try:
            if has_session and await _is_signed_in(site, request):
                # A page that has ended although the person is signed in was one of another workspace.
                return RedirectResponse("/" if ended else following, status_code=303)
            setup = await site.core.ask(site.stranger(request), site.core.accounts.GetSetup, GetSetupRequest())
        except Refused as refusal:
            return refused_page(request, refusal)
        if setup.needs_account:
            return RedirectResponse("/setup", status_code=303)
        address = self._address.read(request) or ""
        note = RESET if address else _note(request.query_params)
        faults = Faults(form=UNKNOWN_PASSKEY, status=403) if "passkey" in request.query_params else None
        response = await self._form(
            request, faults, email=address, note=note, following=following, prove="prove" in request.query_params
        )
        if has_session:
            site.cookie.clear(response)
        if address:
            self._address.clear(response)
        return response

    async def sign_in(self, request: Request) -> Response:
        sent = await read_form(request, ("email", "password", "next", "prove"))
        faults = _mistakes(sent)
        if not faults:
            asked = CreateSessionRequest(email=sent["email"], password=sent["password"])
            core = self._site.core
            try:
                session = await core.ask(self._site.stranger(request), core.accounts.CreateSession, asked)
            except Refused as refusal:
                if refusal.reason == "SECOND_FACTOR_NEEDED":
                    return self._next_step(str(refusal.facts["challenge"]), within(sent["next"]))
                faults = _why_not(refusal)
            else:
                return self._site.cookie.open(session.session_token, session.expires_at, within(sent["next"]))
        return await self._form(
            request, faults, email=sent["email"], following=within(sent["next"]), prove=bool(sent["prove"])
        )

    def _next_step(self, challenge: str, following: str) -> Response:
        query = "" if following == "/" else f"?next={quote(following, safe='')}"
        return self._challenge.redirect(challenge, f"{SECOND_STEP}{query}")

    async def sign_out(self, request: Request) -> Response:
        sent = await read_form(request, ("next",))
        caller = self._site.caller(request)
        if caller.session_token:
            try:
                await self._site.core.ask(caller, self._site.core.accounts.DeleteSession, DeleteSessionRequest())
            except Refused as refusal:
                if not refusal.is_signed_out:
                    return RedirectResponse("/", status_code=303)
        following = within(sent["next"])
        again = "" if following == "/" else f"?prove&next={quote(following, safe='')}"
        response = RedirectResponse(f"/sign-in{again}", status_code=303)
        self._site.cookie.clear(response)
        return response

    async def _form(
        self,
        request: Request,
        faults: Faults | None = None,
        *,
        email: str = "",
        note: str = "",
        following: str,
        prove: bool,
    ) -> Response:
        faults = faults or Faults()
        return page(
            request,
            "sign_in.html",
            title=_("Sign in"),
            status=faults.status if faults else 200,
            headers=faults.headers,
            faults=faults,
            email=email,
            note=note,
            tone="good" if note == RESET else "info",
            next=following,
            prove=prove,
            offer=await offer(self._site, request),
            first_password=self._site.settings.first_password,
            passkeys=passkeys_work_at(self._site.settings.public_url),
        )


async def _is_signed_in(site: Site, request: Request) -> bool:
    """Whether the browser's session is good. Raises Refused if core cannot say."""
    try:
        await site.core.ask(site.caller(request), site.core.accounts.GetAccount, GetAccountRequest())
    except Refused as refusal:
        if not refusal.is_signed_out:
            raise
        return False
    return True


def _note(asked: Mapping[str, str]) -> str:
    """Why the person is here, if something else has sent them."""
    notes = {"ended": ENDED, "again": AGAIN, "prove": PROVE}
    return next((words for name, words in notes.items() if name in asked), "")


def _mistakes(sent: Mapping[str, str]) -> Faults:
    faults = Faults()
    if not sent["email"].strip():
        faults.fields["email"] = _("Enter your e-mail address.")
    if not sent["password"]:
        faults.fields["password"] = _("Enter your password.")
    return faults


def _why_not(refusal: Refused) -> Faults:
    if refusal.reason == "INVALID_REQUEST":
        # The message does not reveal whether the address or the password is wrong.
        return Faults(form=WRONG, status=403)
    if refusal.reason == "FORBIDDEN":
        # The password is right, and the person is to sign in another way.
        return Faults(form=refusal.message, status=403)
    return faults_of(refusal, {}, forbidden={"": WRONG})
