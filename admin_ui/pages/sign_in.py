"""Signing in and out: plain forms, so that the secret goes into a cookie and never into the page."""

from typing import Annotated

from fastapi import FastAPI, Form
from nicegui import ui
from smith.core.v1.account_service_pb2 import CreateSessionRequest, DeleteSessionRequest, GetSetupRequest
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin_ui.components.html import text
from admin_ui.components.native_form import back, native_field, native_form, tell
from admin_ui.components.states import notice
from admin_ui.core import Refused
from admin_ui.site import Site
from admin_ui.visit import Guest

PROBLEMS = {"wrong": "The e-mail address or the password is wrong."}
BY_REASON = {"TOO_MANY_ATTEMPTS": "often", "UNAUTHENTICATED": "wrong", "INVALID_REQUEST": "wrong"}


def create(site: Site) -> None:
    """Registers `/sign-in`."""

    @site.public_page("/sign-in", title="Sign in")
    async def sign_in(
        guest: Guest,
        problem: str = "",
        wait: str = "",
        next: str = "",  # noqa: A002 - the query's word
        ended: str = "",
    ) -> Response | None:
        setup = await guest.ask(guest.core.accounts.GetSetup, GetSetupRequest())
        if setup.needs_account:
            return RedirectResponse("/setup", status_code=303)
        text("Sign in", "page-title", "h1")
        tell(problem, wait, PROBLEMS)
        if ended and not problem:
            notice("info", "Your session has ended. Sign in again.")
        with native_form("/sign-in", "Sign in"):
            hidden = ui.element("input").props("type=hidden name=next")
            hidden.props["value"] = next
            native_field("E-mail", "name=email type=email autocomplete=username required autofocus")
            native_field("Password", "name=password type=password autocomplete=current-password required")
        return None


def serve(app: FastAPI, site: Site) -> None:
    """Takes what the forms send."""

    async def sign_in(
        request: Request,
        email: Annotated[str, Form(max_length=320)] = "",
        password: Annotated[str, Form(max_length=1000)] = "",
        next: Annotated[str, Form(max_length=2000)] = "",  # noqa: A002 - the form's word
    ) -> Response:
        caller = site.caller(request)
        try:
            session = await site.core.ask(
                caller, site.core.accounts.CreateSession, CreateSessionRequest(email=email, password=password)
            )
        except Refused as refusal:
            return back("/sign-in", refusal, BY_REASON)
        return site.cookie.open(session.session_token, session.expires_at, _within(next))

    async def sign_out(request: Request) -> Response:
        caller = site.caller(request)
        if caller.session_token:
            try:
                await site.core.ask(caller, site.core.accounts.DeleteSession, DeleteSessionRequest())
            except Refused as refusal:
                if not refusal.is_signed_out:
                    return RedirectResponse("/", status_code=303)
        response = RedirectResponse("/sign-in", status_code=303)
        site.cookie.clear(response)
        return response

    app.add_api_route("/sign-in", sign_in, methods=["POST"], include_in_schema=False)
    app.add_api_route("/sign-out", sign_out, methods=["POST"], include_in_schema=False)


def _within(path: str) -> str:
    """A path of this app, whatever was asked for: nobody is sent elsewhere after signing in."""
    is_path = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_path else "/"
