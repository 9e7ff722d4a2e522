"""Signing in and out: plain forms, so that the secret goes into a cookie and never into the page."""

import datetime as dt
from typing import Annotated

from fastapi import FastAPI, Form
from nicegui import ui
from smith.core.v1.account_service_pb2 import CreateSessionRequest, DeleteSessionRequest
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin_ui.components.html import text
from admin_ui.components.states import notice
from admin_ui.core import Refused
from admin_ui.site import Site
from admin_ui.visit import Guest

PROBLEMS = {
    "wrong": ("bad", "The e-mail address or the password is wrong."),
    "often": ("bad", "Too many attempts. Try again in a few minutes."),
    "away": ("bad", "The server cannot answer right now. Try again in a moment."),
}


def create(site: Site) -> None:
    """Registers `/sign-in`."""

    @site.public_page("/sign-in", title="Sign in")
    async def sign_in(guest: Guest, problem: str = "", next: str = "", ended: str = "") -> None:  # noqa: A002 - the query's word
        text("Sign in", "page-title", "h1")
        if problem in PROBLEMS:
            notice(*PROBLEMS[problem])
        elif ended:
            notice("info", "Your session has ended. Sign in again.")
        with ui.element("form").classes("form").props("method=post action=/sign-in"):
            hidden = ui.element("input").props("type=hidden name=next")
            hidden.props["value"] = next
            _field("E-mail", "email", "email", "username")
            _field("Password", "password", "password", "current-password")
            with ui.element("button").classes("form-submit").props("type=submit"):
                text("Sign in")


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
            return RedirectResponse(f"/sign-in?problem={_problem(refusal)}", status_code=303)
        response = RedirectResponse(_within(next), status_code=303)
        lifetime = session.expires_at.ToDatetime(dt.UTC) - dt.datetime.now(dt.UTC)
        site.cookie.write(response, session.session_token, int(lifetime.total_seconds()))
        return response

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


def _problem(refusal: Refused) -> str:
    if refusal.reason == "TOO_MANY_ATTEMPTS":
        return "often"
    return "wrong" if refusal.reason in {"UNAUTHENTICATED", "INVALID_REQUEST"} else "away"


def _within(path: str) -> str:
    """A path of this app, whatever was asked for: nobody is sent elsewhere after signing in."""
    is_path = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_path else "/"


def _field(label: str, name: str, kind: str, autocomplete: str) -> None:
    with ui.element("label").classes("form-field"):
        text(label, "form-label")
        field = ui.element("input").classes("form-input")
        field.props(f"name={name} type={kind} autocomplete={autocomplete} required")
