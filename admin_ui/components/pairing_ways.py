"""The ways to use a pairing code: the page for browsers, the app on an iPhone, and simulated devices."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlencode

import segno
from nicegui import ui

from admin_ui.components.buttons import link_button, secondary
from admin_ui.components.copying import copy_button
from admin_ui.components.html import a, code, div, labelled, p, phrase, text
from admin_ui.components.states import notice
from admin_ui.texts import _
from service_kit.reach import (
    doubts_for_browsers,
    doubts_for_phones,
    is_for_this_computer,
    unreachable_for_browsers,
    unreachable_for_phones,
)

Simulate = Callable[[], Awaitable[None]]


def pairing_url(server: str, code: str) -> str:
    """What the QR code for the app holds: the app opens it (docs/device-protocol.md)."""
    return "activitysmith://pair?" + urlencode({"server": server, "code": code})


def phone_page_url(server: str, code: str = "") -> str:
    """The page that makes a browser a device. The code is in the fragment, which browsers send to no server."""
    page = f"{server.rstrip('/')}/phone/"
    return f"{page}#{code}" if code else page


def browser_way(server: str, code: str) -> None:
    """Draws how a browser of any phone or computer becomes a device."""
    why = unreachable_for_browsers(server)
    with labelled(ui.element("section").classes("pairing-way"), _("Receive in a browser")):
        with div("stack-tight"):
            text(_("Receive in a browser"), "pairing-title", "h3")
            text(_("Any phone or computer: no app and no Apple account needed."), "muted small")
        if is_for_this_computer(server):
            _own_computer(phone_page_url(server, code))
            notice("warn", _("This address works on the server's own computer only"), why)
        elif why:
            notice("warn", _("Browsers cannot receive at this address"), why)
        else:
            if doubts := doubts_for_browsers(server):
                notice("info", _("Browsers get the address {server}").format(server=server), doubts)
            _any_device(server, code)


def app_way(server: str, code: str) -> None:
    """Draws how the app on an iPhone uses the code."""
    url = pairing_url(server, code)
    with _folded(_("iPhone app"), _("With Smith, which your team builds and signs: docs/ios.md.")):
        if why := unreachable_for_phones(server):
            notice("warn", _("The code is for simulated phones only"), why)
        elif doubts := doubts_for_phones(server):
            notice("info", _("Phones get the address {server}").format(server=server), doubts)
        with div("pairing"):
            _qr(url, _("QR code that opens the app and pairs it"))
            with div("pairing-words"):
                p(_("Open the app on the iPhone, and scan this or type the code."))
                with div("cluster small"):
                    text(_("On the iPhone itself:"), "muted")
                    a(_("Open the app"), url)
                    copy_button(url, _("Copy pairing link"))


def simulated_way(kinds: list[tuple[str, Simulate]]) -> None:
    """Draws a button for each kind of simulated device."""
    with _folded(_("Simulated"), _("Without any device. The lock screen page shows it.")), div("cluster"):
        for label, simulate in kinds:
            secondary(label, simulate)


@contextmanager
def _folded(title: str, about: str) -> Iterator[None]:
    """Closed at first, so that a camera sees one code."""
    with ui.element("details").classes("pairing-way").props("name=pairing-way"):
        with ui.element("summary"):
            text(title, "pairing-title")
            text(about, "muted small")
        yield


def _qr(content: str, label: str) -> None:
    picture = segno.make(content, error="m").svg_inline(border=3, light="#ffffff", omitsize=True)
    qr = ui.html(picture, sanitize=False).classes("pairing-qr")
    qr.props["role"] = "img"
    qr.props["aria-label"] = label


def _own_computer(url: str) -> None:
    with ui.element("ol").classes("pairing-steps"):
        with ui.element("li"):
            text(_("On the server's own computer, open the page."))
            _page_link(url)
        with ui.element("li"):
            text(_("Pair there, and allow notifications."))


def _any_device(server: str, pairing_code: str) -> None:
    url = phone_page_url(server, pairing_code)
    with div("pairing"):
        _qr(url, _("QR code that opens the page for this device"))
        with div("pairing-words"):
            with ui.element("ol").classes("pairing-steps"):
                with ui.element("li"):
                    address = partial(code, phone_page_url(server))
                    phrase(
                        _("Scan this with the device's camera, or open {address} there and type the code."),
                        address=address,
                    )
                with ui.element("li"):
                    choice = partial(text, _("Add to Home Screen"), "strong")
                    phrase(
                        _("On an iPhone or iPad: Share, then {choice}. Open it from there and type the code."),
                        choice=choice,
                    )
                with ui.element("li"):
                    text(_("Allow notifications."))
            text(_("To receive on this device, where you read this:"), "muted small")
            _page_link(url)


def _page_link(url: str) -> None:
    with div("cluster pairing-link"):
        link = link_button(_("Open the page"), url, icon="open_in_new")
        link.props["target"], link.props["rel"] = "_blank", "noopener"
        link.props["title"] = _("Opens in a new tab")
        copy_button(url, _("Copy link to the page"))
