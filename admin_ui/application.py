"""The pages as one application. It loads NiceGUI."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import get_args

import grpc
import nicegui
from fastapi import APIRouter, Depends, FastAPI
from nicegui import ui
from nicegui.language import Language
from starlette.requests import Request
from starlette.responses import Response

from admin_ui import assets, pages, search_everything, theme
from admin_ui.components.states import error_state
from admin_ui.cookies import SessionCookie
from admin_ui.core import Core, Refused
from admin_ui.delivery_log import export
from admin_ui.entrance import accept_invite, forgotten_password, second_factor, setup, sign_in, single_sign_on
from admin_ui.entrance.html import trouble
from admin_ui.leaving import export as account_export
from admin_ui.on_demand import Pages
from admin_ui.security import nonces, sockets, texts
from admin_ui.security.pages import has_room
from admin_ui.security.sockets import Sockets
from admin_ui.settings import AdminSettings
from admin_ui.site import Site
from admin_ui.texts import _, language_tag


def build_pages(channel: grpc.aio.Channel, settings: AdminSettings) -> Pages:
    """The application with what goes before it."""
    app = build_app(channel, settings)
    return Pages(app, Sockets(app, SessionCookie(settings)), has_room)


def build_app(channel: grpc.aio.Channel, settings: AdminSettings) -> FastAPI:
    """The application over `channel`. NiceGUI is one for a process, and so is this."""
    site = Site(Core(channel, settings.admin_call_timeout), settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await site.feeds.close()

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)
    assets.serve(app)
    entrance = APIRouter(dependencies=[Depends(site.note_destinations)])
    for plain in (sign_in, single_sign_on, second_factor, accept_invite, setup, forgotten_password):
        plain.serve(entrance, site)
    app.include_router(entrance)
    search_everything.serve(app.router, site)
    exports = APIRouter(dependencies=[Depends(site.note_destinations)])
    export.serve(exports, site)
    app.include_router(exports)
    account_export.serve(app.router, site)
    theme.prepare()
    nonces.prepare()
    sockets.guard(site.cookie)
    texts.bound()
    for page in pages.PAGES:
        page.create(site)
    # The person who asked sees core's refusal; it need not be logged.
    nicegui.app._exception_handlers[:] = [_log]  # noqa: SLF001 - NiceGUI can add handlers, not replace its own
    nicegui.app.on_page_exception(_broken_page)
    # Otherwise NiceGUI would build one of its own pages for it.
    nicegui.app.add_exception_handler(404, _no_such_page)
    ui.run_with(
        app,
        title=theme.PRODUCT,
        favicon=assets.FOLDER / "logo.svg",
        dark=None,
        language=_language_of_elements(),
        # No page uses NiceGUI's bindings, so their loop need not run.
        binding_refresh_interval=None,
        reconnect_timeout=10.0,
        message_history_length=200,
        tailwind=False,
        show_welcome_message=False,
    )
    return app


def _language_of_elements() -> Language:
    """The language in which NiceGUI's own elements speak. It has fewer than there may be catalogs."""
    known: tuple[Language, ...] = get_args(Language)
    return next((one for one in known if one == language_tag()), "en-US")


def _log(error: Exception) -> None:
    if not isinstance(error, Refused):
        logging.getLogger("admin_ui").error("a page failed", exc_info=error)


def _broken_page(error: Exception) -> None:
    with theme.plain(_("Error")):
        error_state(_("Something went wrong. The server's log says what."))


async def _no_such_page(request: Request, _error: Exception) -> Response:
    return trouble(request, _("This page does not exist."), status=404, title=_("Not found"))
