"""The cookies of the admin app: the session, links, and the theme."""

import datetime as dt
import re
from urllib.parse import quote, unquote

from google.protobuf.timestamp_pb2 import Timestamp
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

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

    def open(self, token: str, expires_at: Timestamp, path: str) -> Response:
        """Has the browser keep the secret for as long as core accepts it, and sends it to a page."""
        response = RedirectResponse(path, status_code=303)
        lifetime = expires_at.ToDatetime(dt.UTC) - dt.datetime.now(dt.UTC)
        self.write(response, token, int(lifetime.total_seconds()))
        return response

    def clear(self, response: Response) -> None:
        """Has the browser forget the secret."""
        response.delete_cookie(self.name, path="/", secure=self._is_https, httponly=True, samesite="lax")


class LinkCookie:
    """Holds the secret of a link from when the link is opened until it is used, an hour at most.

    So the secret is in no address bar, history, Referer or page. The e-mail address of a person who is about to sign in
    is kept in the same way.
    """

    def __init__(self, settings: AdminSettings, purpose: str, pattern: str) -> None:
        """`purpose` names the cookie. A value that does not match `pattern` as a whole is ignored."""
        self._is_https = settings.is_https
        self._name = f"{'__Host-' if settings.is_https else ''}smith_{purpose}"
        self._pattern = re.compile(pattern)

    def read(self, request: Request) -> str | None:
        """The secret that the browser sent, if it can be one."""
        secret = unquote(request.cookies.get(self._name, ""))
        return secret if self._pattern.fullmatch(secret) else None

    def write(self, response: Response, secret: str) -> None:
        """Has the browser keep the secret, if it can be one."""
        if self._pattern.fullmatch(secret):
            response.set_cookie(
                self._name, quote(secret), max_age=3600, path="/", secure=self._is_https, httponly=True, samesite="lax"
            )

    def clear(self, response: Response) -> None:
        """Has the browser forget the secret."""
        response.delete_cookie(self._name, path="/", secure=self._is_https, httponly=True, samesite="lax")

    def redirect(self, secret: str, path: str) -> Response:
        """Keeps the secret and sends the browser to a page without it."""
        response = RedirectResponse(path, status_code=303)
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        self.write(response, secret)
        return response


def theme_of(request: Request) -> str:
    """`auto`, `light` or `dark`, as the person chose in this browser."""
    chosen = request.cookies.get(THEME, "")
    return chosen if chosen in THEMES else "auto"
