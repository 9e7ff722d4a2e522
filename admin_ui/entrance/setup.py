"""The first run: makes the account of a new server and its owner, and signs the owner in.

The link that the server prints has the setup code in its path; opening it puts the code into a cookie, as the links of
invites do. A person without the link types the code.
"""

from collections.abc import Mapping

from fastapi import APIRouter
from smith.core.v1.account_service_pb2 import CreateAccountRequest, GetSetupRequest
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin_ui.cookies import LinkCookie
from admin_ui.core import Refused
from admin_ui.entrance.form import Faults, check_email, check_name, check_new_password, faults_of, read_form
from admin_ui.entrance.html import page, refused_page
from admin_ui.site import Site
from admin_ui.texts import _

CODE = r"[^\x00-\x1f\x7f]{1,500}"
FIELDS = ("setup_code", "account_name", "name", "email", "password")
SENTENCES = {
    "account_name": _("Choose a name of 1 to 100 characters."),
    "name": _("Enter a name of 1 to 100 characters."),
    "email": _("This is no e-mail address. One is like ann@example.com."),
    "password": _("Choose a password of 10 to 200 characters."),
}
WRONG_CODE = _("The setup code is wrong. The server prints the right one when it starts.")


def serve(router: APIRouter, site: Site) -> None:
    """Answers `/setup`, and takes the link that the server prints."""
    cookie = LinkCookie(site.settings, "setup", CODE)

    async def show(request: Request) -> Response:
        return await _form(site, request, asks_for_code=cookie.read(request) is None)

    async def open_link(setup_code: str) -> Response:
        return cookie.redirect(setup_code, "/setup")

    async def set_up(request: Request) -> Response:
        sent = await read_form(request, FIELDS)
        given = sent["setup_code"].strip() or cookie.read(request) or ""
        faults = _mistakes(sent, given)
        if not faults:
            asked = CreateAccountRequest(
                setup_code=given,
                account_name=sent["account_name"].strip(),
                name=sent["name"].strip(),
                email=sent["email"].strip(),
                password=sent["password"],
            )
            try:
                made = await site.core.ask(site.stranger(request), site.core.accounts.CreateAccount, asked)
            except Refused as refusal:
                if refusal.reason == "ALREADY_EXISTS":
                    return RedirectResponse("/sign-in", status_code=303)
                faults = faults_of(refusal, SENTENCES, forbidden={"setup_code": WRONG_CODE})
            else:
                response = site.cookie.open(made.session_token, made.expires_at, "/")
                cookie.clear(response)
                return response
        asks_for_code = cookie.read(request) is None or "setup_code" in faults.fields
        return await _form(site, request, faults, sent, asks_for_code=asks_for_code)

    router.add_api_route("/setup", show, methods=["GET", "HEAD"], include_in_schema=False)
    router.add_api_route("/setup/{setup_code:path}", open_link, methods=["GET", "HEAD"], include_in_schema=False)
    router.add_api_route("/setup", set_up, methods=["POST"], include_in_schema=False)


def _mistakes(sent: Mapping[str, str], code: str) -> Faults:
    faults = Faults()
    if not code:
        faults.fields["setup_code"] = _("Enter the setup code.")
    check_name(faults, "account_name", sent["account_name"], _("Enter a name for the workspace."))
    check_name(faults, "name", sent["name"], _("Enter your name."))
    check_email(faults, sent["email"])
    check_new_password(faults, sent["password"])
    return faults


async def _form(
    site: Site,
    request: Request,
    faults: Faults | None = None,
    values: Mapping[str, str] | None = None,
    *,
    asks_for_code: bool,
) -> Response:
    """The form; a redirect if there is an account already."""
    try:
        found = await site.core.ask(site.stranger(request), site.core.accounts.GetSetup, GetSetupRequest())
    except Refused as refusal:
        return refused_page(request, refusal)
    if not found.needs_account:
        return RedirectResponse("/sign-in", status_code=303)
    faults = faults or Faults()
    return page(
        request,
        "setup.html",
        title=_("Set up your server"),
        status=faults.status if faults else 200,
        headers=faults.headers,
        has_setup_code=found.has_setup_code,
        asks_for_code=asks_for_code,
        faults=faults,
        values=values or dict.fromkeys(FIELDS, ""),
    )
