"""Accepting an invite.

The link in a mail has a secret in its path. Opening it does nothing but put the secret into a cookie and send the
browser to a page without it, so that it stands in no address bar, history or Referer, and a mail scanner that opens
links uses nothing up. A plain form accepts, as signing in does.
"""

from typing import Annotated

from fastapi import FastAPI, Form
from nicegui import ui
from smith.core.v1.account_pb2 import ROLE_OWNER
from smith.core.v1.invite_service_pb2 import AcceptInviteRequest, GetInviteRequest, GetInviteResponse
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin_ui.components.html import a, p, text
from admin_ui.components.native_form import back, native_field, native_form, tell
from admin_ui.cookies import LinkCookie
from admin_ui.core import Refused
from admin_ui.site import Site
from admin_ui.visit import Guest

PROBLEMS = {
    "wrong": "The password is wrong.",
    "short": "Choose a password of 10 to 200 characters, and a name of 100 characters at most.",
}
DEAD_END = (
    "Its link was used, was revoked or has expired; or it was not opened whole. Open the link in your mail once more, "
    "or ask for a new invite."
)
INVITE = r"inv_[A-Za-z0-9_-]{1,196}"
BY_REASON = {"UNAUTHENTICATED": "wrong", "INVALID_REQUEST": "short", "TOO_MANY_ATTEMPTS": "often"}


def create(site: Site) -> None:
    """Registers `/invite`."""
    cookie = LinkCookie(site.settings, "invite", INVITE)

    @site.public_page("/invite", title="Invite")
    async def invite(guest: Guest, problem: str = "", wait: str = "") -> None:
        token = cookie.read(ui.context.client.request)
        offer = None if token is None else await _look(guest, token)
        if offer is None:
            _draw_dead_end()
            return
        role = "an owner" if offer.role == ROLE_OWNER else "a member"
        text(f"Join {offer.account_name}", "page-title", "h1")
        p(f"{offer.inviter_name or 'Somebody'} invites you to join {offer.account_name} as {role}.", "muted")
        tell(problem, wait, PROBLEMS)
        _draw_form(offer)


def serve(app: FastAPI, site: Site) -> None:
    """Takes the links of mails, and what the form sends."""
    cookie = LinkCookie(site.settings, "invite", INVITE)

    async def open_link(token: str) -> Response:
        return cookie.redirect(token, "/invite")

    async def accept(
        request: Request,
        name: Annotated[str, Form(max_length=1000)] = "",
        password: Annotated[str, Form(max_length=1000)] = "",
    ) -> Response:
        token = cookie.read(request)
        if token is None:
            return RedirectResponse("/invite", status_code=303)
        asked = AcceptInviteRequest(token=token, name=name.strip() or None, password=password)
        try:
            joined = await site.core.ask(site.caller(request), site.core.invites.AcceptInvite, asked)
        except Refused as refusal:
            if refusal.reason == "NOT_FOUND":
                return RedirectResponse("/invite", status_code=303)
            return back("/invite", refusal, BY_REASON)
        response = site.cookie.open(joined.session_token, joined.expires_at, "/")
        cookie.clear(response)
        return response

    app.add_api_route("/invite/{token}", open_link, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_api_route("/invite", accept, methods=["POST"], include_in_schema=False)


async def _look(guest: Guest, token: str) -> GetInviteResponse | None:
    try:
        return await guest.ask(guest.core.invites.GetInvite, GetInviteRequest(token=token))
    except Refused as refusal:
        if refusal.reason == "NOT_FOUND":
            return None
        raise


def _draw_dead_end() -> None:
    ui.context.client.status_code = 404
    text("This invite cannot be used", "page-title", "h1")
    p(DEAD_END, "muted")
    with p("Have you joined already? ", "muted"):
        a("Sign in", "/sign-in")


def _draw_form(offer: GetInviteResponse) -> None:
    with native_form("/invite", f"Join {offer.account_name}"):
        email = native_field("E-mail", "type=email autocomplete=username readonly")
        email.props["value"] = offer.email
        if offer.has_login:
            p("You sign in to this server already. Enter your password, and you are in both accounts.", "muted")
            native_field("Password", "name=password type=password autocomplete=current-password required autofocus")
        else:
            native_field("Your name", "name=name type=text autocomplete=name maxlength=100 required autofocus")
            native_field(
                "Password", "name=password type=password autocomplete=new-password minlength=10 maxlength=200 required",
                "10 characters or more.",
            )  # fmt: skip
