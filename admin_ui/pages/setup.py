"""The first run: makes the account of a new server and its owner, who is signed in.

The link that the server prints has the setup code in its path; opening it puts the code into a cookie, as the links of
invites do. Who comes without the link types the code.
"""

from typing import Annotated

from fastapi import FastAPI, Form
from nicegui import ui
from pydantic import BaseModel
from smith.core.v1.account_service_pb2 import CreateAccountRequest, GetSetupRequest
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin_ui.components.html import code, p, text
from admin_ui.components.native_form import back, native_field, native_form, tell
from admin_ui.cookies import LinkCookie
from admin_ui.core import Refused
from admin_ui.site import Site
from admin_ui.visit import Guest

CODE = r"[^\x00-\x1f\x7f]{1,500}"
PROBLEMS = {
    "code": "The setup code is wrong. The server prints the right one when it starts.",
    "fields": "Choose names of 100 characters at most, and a password of 10 to 200 characters.",
}
BY_REASON = {"FORBIDDEN": "code", "INVALID_REQUEST": "fields", "TOO_MANY_ATTEMPTS": "often"}


class SetupForm(BaseModel):
    """What the form sends. Core says what of it is wrong."""

    setup_code: str = ""
    account_name: str = ""
    name: str = ""
    email: str = ""
    password: str = ""


def create(site: Site) -> None:
    """Registers `/setup`."""
    cookie = LinkCookie(site.settings, "setup", CODE)

    @site.public_page("/setup", title="Set up")
    async def setup(guest: Guest, problem: str = "", wait: str = "") -> Response | None:
        found = await guest.ask(guest.core.accounts.GetSetup, GetSetupRequest())
        if not found.needs_account:
            return RedirectResponse("/sign-in", status_code=303)
        text("Set up your server", "page-title", "h1")
        if not found.has_setup_code:
            _without_code()
            return None
        p("Name your workspace and make yourself its owner. You can invite your team afterwards.", "muted")
        tell(problem, wait, PROBLEMS)
        _draw_form(asks_for_code=problem == "code" or cookie.read(ui.context.client.request) is None)
        return None


def serve(app: FastAPI, site: Site) -> None:
    """Takes the link that the server prints, and what the form sends."""
    cookie = LinkCookie(site.settings, "setup", CODE)

    async def open_link(setup_code: str) -> Response:
        return cookie.redirect(setup_code, "/setup")

    async def set_up(request: Request, form: Annotated[SetupForm, Form()]) -> Response:
        asked = CreateAccountRequest(
            setup_code=form.setup_code.strip() or cookie.read(request) or "",
            account_name=form.account_name.strip(),
            name=form.name.strip() or None,
            email=form.email,
            password=form.password,
        )
        try:
            made = await site.core.ask(site.caller(request), site.core.accounts.CreateAccount, asked)
        except Refused as refusal:
            if refusal.reason == "ALREADY_EXISTS":
                return RedirectResponse("/sign-in", status_code=303)
            return back("/setup", refusal, BY_REASON)
        response = site.cookie.open(made.session_token, made.expires_at, "/")
        cookie.clear(response)
        return response

    app.add_api_route("/setup/{setup_code:path}", open_link, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_api_route("/setup", set_up, methods=["POST"], include_in_schema=False)


def _without_code() -> None:
    p("There is no account yet, and this server has no setup code to make one with. Either of these makes it:", "muted")
    with ui.element("ul"):
        with ui.element("li"):
            text("set ")
            code("SMITH_SETUP_CODE")
            text(" for core, start it again, and reload this page;")
        with ui.element("li"):
            text("run ")
            code("smith account create")
            text(" where core runs.")


def _draw_form(*, asks_for_code: bool) -> None:
    with native_form("/setup", "Create workspace"):
        if asks_for_code:
            native_field(
                "Setup code", "name=setup_code type=password autocomplete=off maxlength=500 required",
                "The server prints it when it starts; or what SMITH_SETUP_CODE is.",
            )  # fmt: skip
        native_field("Workspace", "name=account_name type=text autocomplete=organization maxlength=100 required")
        native_field("Your name", "name=name type=text autocomplete=name maxlength=100 required")
        native_field("E-mail", "name=email type=email autocomplete=username maxlength=320 required")
        native_field(
            "Password", "name=password type=password autocomplete=new-password minlength=10 maxlength=200 required",
            "10 characters or more.",
        )  # fmt: skip
