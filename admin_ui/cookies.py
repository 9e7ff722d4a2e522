"""The cookies of the admin app: who is signed in, and which theme they like."""

import re

from starlette.requests import Request
from starlette.responses import Response

from admin_ui.settings import AdminSettings

THEME = "smith_theme"
THEMES = ("auto", "light", "dark")


class SessionCookie:
    """Holds the secret of the person's session. The app itself keeps it nowhere.

    Scripts cannot read it, and other sites' requests do not carry it. Over HTTPS it has the prefix `__Host-`, with
    which browsers let no subdomain and no plain connection set it (RFC 6265bis, section 4.1.3.2).
    """

    def __init__(self, settings: AdminSettings) -> None:
        self._is_https = settings.is_https
        self.name = "__Host-smith_session" if settings.is_https else "smith_session"

    def read(self, request: Request) -> str | None:
        """The secret that the browser sent, if it can be one."""
        token = request.cookies.get(self.name, "")
        return token if token.startswith("ses_") and token.isascii() and token.isprintable() else None

    def write(self, response: Response, token: str, max_age: int) -> None:
        """Has the browser keep the secret for `max_age` seconds."""
        response.set_cookie(
            self.name, token, max_age=max_age, path="/", secure=self._is_https, httponly=True, samesite="lax"
        )

    def clear(self, response: Response) -> None:
        """Has the browser forget the secret."""
        response.delete_cookie(self.name, path="/", secure=self._is_https, httponly=True, samesite="lax")


class InviteCookie:
    """Holds the secret of an invite's link from when the link is opened until the invite is accepted, an hour at most.

    So it stands in no address bar, history or Referer, and in no page.
    """

    def __init__(self, settings: AdminSettings) -> None:
        self._is_https = settings.is_https
        self._name = "__Host-smith_invite" if settings.is_https else "smith_invite"

    def read(self, request: Request) -> str | None:
        """The secret that the browser sent, if it can be one."""
        token = request.cookies.get(self._name, "")
        return token if _is_invite(token) else None

    def write(self, response: Response, token: str) -> None:
        """Has the browser keep the secret, if it can be one."""
        if _is_invite(token):
            response.set_cookie(
                self._name, token, max_age=3600, path="/", secure=self._is_https, httponly=True, samesite="lax"
            )

    def clear(self, response: Response) -> None:
        """Has the browser forget the secret."""
        response.delete_cookie(self._name, path="/", secure=self._is_https, httponly=True, samesite="lax")


def _is_invite(token: str) -> bool:
    return re.fullmatch(r"inv_[A-Za-z0-9_-]{1,196}", token) is not None


def theme_of(request: Request) -> str:
    """`auto`, `light` or `dark`, as the person chose in this browser."""
    chosen = request.cookies.get(THEME, "")
    return chosen if chosen in THEMES else "auto"
