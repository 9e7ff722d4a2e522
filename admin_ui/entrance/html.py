"""Renders the plain pages of `templates/`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin_ui import assets
from admin_ui.cookies import theme_of
from admin_ui.core import Refused
from admin_ui.destinations import UNKNOWN
from admin_ui.texts import _, language_tag
from admin_ui.theme import PRODUCT

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["_"] = _
_templates.globals["product"] = PRODUCT
_templates.globals["logo"] = Markup(assets.LOGO)  # noqa: S704 - our own picture


def page(
    request: Request,
    template: str,
    *,
    title: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> Response:
    """The page that `template` makes of `values`. All texts are escaped."""
    content = _templates.get_template(template).render(
        title=title,
        language=language_tag(),
        theme=theme_of(request),
        where=getattr(request.state, "destinations", UNKNOWN),
        head=Markup(assets.head()),  # noqa: S704 - our own elements
        **values,
    )
    return HTMLResponse(content, status, headers)


def status_of(refusal: Refused) -> int:
    """The HTTP status of a page that core has refused."""
    statuses = {"NOT_FOUND": 404, "FORBIDDEN": 403, "INVALID_REQUEST": 400, "TOO_MANY_ATTEMPTS": 429}
    return statuses.get(refusal.reason, 503)


def trouble(
    request: Request, message: str, *, status: int, wait: int = 5, title: str = _("This page cannot be shown")
) -> Response:
    """A page that says why the page asked for cannot be shown. `wait`: seconds after which to try again, if given."""
    again = status >= 500 or status == 429
    headers = {"retry-after": str(wait)} if status in {429, 503} else None
    return page(request, "trouble.html", title=title, status=status, headers=headers, message=message, again=again)


def refused_page(request: Request, refusal: Refused) -> Response:
    """A page that says why core has refused the page asked for."""
    wait = int(refusal.facts.get("retry_after_seconds", 5))
    return trouble(request, refusal.message, status=status_of(refusal), wait=wait)
