"""Accepting an invite.

The link in a mail has a secret in its path. Opening the link only puts the secret into a cookie and sends the browser
to a page without it. So the secret is in no address bar, history or Referer, and a mail scanner that opens links does
not use up the invite. A plain form accepts the invite.
"""

from collections.abc import Mapping

from fastapi import APIRouter
from smith.core.v1.account_pb2 import ROLE_OWNER
from smith.core.v1.invite_service_pb2 import AcceptInviteRequest, GetInviteRequest, GetInviteResponse
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin_ui.cookies import LinkCookie
from admin_ui.core import Refused
from admin_ui.entrance.form import Faults, check_name, check_new_password, faults_of, read_form
from admin_ui.entrance.html import page, refused_page
from admin_ui.entrance.second_factor import PATH as SECOND_STEP
from admin_ui.entrance.second_factor import challenge_cookie
from admin_ui.site import Site
from admin_ui.texts import _

DEAD_END = _(
    "Its link was used, was revoked or has expired, or part of it is missing. Open the link in your mail once more, "
    "or ask for a new invite."
)
WRONG = _("The password is wrong.")
INVITE = r"inv_[A-Za-z0-9_-]{1,196}"
SENTENCES = {
    "name": _("Enter a name of 1 to 100 characters."),
    "password": _("Choose a password of 10 to 200 characters."),
}


def serve(router: APIRouter, site: Site) -> None:
    """Answers `/invite`, and takes the links of mails."""
    entrance = _Entrance(site)
    router.add_api_route("/invite", entrance.show, methods=["GET", "HEAD"], include_in_schema=False)
    router.add_api_route("/invite/{token}", entrance.open_link, methods=["GET", "HEAD"], include_in_schema=False)
    router.add_api_route("/invite", entrance.accept, methods=["POST"], include_in_schema=False)


class _Entrance:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._cookie = LinkCookie(site.settings, "invite", INVITE)
        self._challenge = challenge_cookie(site.settings)

    async def open_link(self, token: str) -> Response:
        return self._cookie.redirect(token, "/invite")

    async def show(self, request: Request) -> Response:
        try:
            offer = await self._look(request)
        except Refused as refusal:
            return refused_page(request, refusal)
        return _dead_end(request) if offer is None else _form(request, offer)

    async def accept(self, request: Request) -> Response:
        sent = await read_form(request, ("name", "password"))
        try:
            offer = await self._look(request)
        except Refused as refusal:
            return refused_page(request, refusal)
        if offer is None:
            return RedirectResponse("/invite", status_code=303)
        faults = _mistakes(offer, sent)
        if faults:
            return _form(request, offer, faults, sent["name"])
        try:
            return await self._join(request, sent)
        except Refused as refusal:
            if refusal.reason == "NOT_FOUND":
                return RedirectResponse("/invite", status_code=303)
            # A login's password is never too short: one that is, is wrong.
            sentences = SENTENCES | {"password": WRONG} if offer.has_login else SENTENCES
            faults = faults_of(refusal, sentences, forbidden={"password": WRONG})
            return _form(request, offer, faults, sent["name"])

    async def _join(self, request: Request, sent: Mapping[str, str]) -> Response:
        site = self._site
        asked = AcceptInviteRequest(
            token=self._cookie.read(request) or "", name=sent["name"].strip() or None, password=sent["password"]
        )
        joined = await site.core.ask(site.stranger(request), site.core.invites.AcceptInvite, asked)
        if joined.HasField("second_factor"):
            response = self._challenge.redirect(joined.second_factor.challenge, SECOND_STEP)
        else:
            response = site.cookie.open(joined.session_token, joined.expires_at, "/")
        self._cookie.clear(response)
        return response

    async def _look(self, request: Request) -> GetInviteResponse | None:
        """The invite that the browser's cookie leads to; None if the link does not work. Raises Refused."""
        token = self._cookie.read(request)
        if token is None:
            return None
        site = self._site
        try:
            asked = GetInviteRequest(token=token)
            return await site.core.ask(site.stranger(request), site.core.invites.GetInvite, asked)
        except Refused as refusal:
            if refusal.reason == "NOT_FOUND":
                return None
            raise


def _mistakes(offer: GetInviteResponse, sent: Mapping[str, str]) -> Faults:
    faults = Faults()
    if offer.has_login:
        if not sent["password"]:
            faults.fields["password"] = _("Enter your password.")
        return faults
    if offer.mailed or sent["name"].strip():
        check_name(faults, "name", sent["name"], _("Enter your name."))
    check_new_password(faults, sent["password"])
    return faults


def _form(request: Request, offer: GetInviteResponse, faults: Faults | None = None, name: str = "") -> Response:
    faults = faults or Faults()
    as_owner, as_member = (
        _("{inviter} invites you to join {account} as an owner."),
        _("{inviter} invites you to join {account} as a member."),
    )
    about = as_owner if offer.role == ROLE_OWNER else as_member
    return page(
        request,
        "invite.html",
        title=_("Join {account}").format(account=offer.account_name),
        status=faults.status if faults else 200,
        headers=faults.headers,
        offer=offer,
        about=about.format(inviter=offer.inviter_name or _("An owner"), account=offer.account_name),
        faults=faults,
        name=name,
    )


def _dead_end(request: Request) -> Response:
    title = _("This invite cannot be used")
    return page(request, "invite_dead_end.html", title=title, status=404, about=DEAD_END)
