"""The frame of every page: navigation, heading, stylesheet, light and dark theme."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from nicegui import app, ui

from admin_ui import assets
from admin_ui.components.html import a, div, labelled, text
from admin_ui.cookies import theme_of
from admin_ui.destinations import Destinations
from admin_ui.texts import _
from admin_ui.visit import Visit

if TYPE_CHECKING:
    from admin_ui.site import Place

PRODUCT = "ActivitySmith"
DISTRIBUTION = "activitysmith-server"

SHOW_OR_HIDE_NAVIGATION = """(event) => {
    const shell = document.querySelector('.shell');
    const isOpen = shell.classList.toggle('is-open');
    document.querySelector('.topbar-menu').setAttribute('aria-expanded', isOpen);
}"""
OPEN_PALETTE = """() => window.smith.openPalette()"""
NEXT_THEME = """() => window.smith.nextTheme()"""
NEXT_DARK = {None: False, False: True, True: None}
"""The order of themes: automatic, light, dark; as in `smith.js`."""


def prepare() -> None:
    """Sets the default properties of elements. Call it once, before pages are served."""
    # Quasar then asks for each icon by its name, for its own ones too. Names without a drawing are in Material's font.
    app.config.vue_config_script = f"vue_config.iconMapFn = window.smithIcon;\n{app.config.vue_config_script}"
    ui.button.default_props("no-caps unelevated")
    ui.input.default_props("outlined dense")
    ui.select.default_props("outlined dense options-dense behavior=menu")
    ui.textarea.default_props("outlined dense")
    ui.number.default_props("outlined dense")
    ui.dialog.default_props("transition-show=fade transition-hide=fade")


@contextmanager
def frame(visit: Visit, places: "Sequence[Place]", *, title: str, path: str) -> Iterator[None]:
    """The page of a signed-in person: navigation at the side, and what the block draws in the middle."""
    dark = _document()
    with div("shell") as shell:
        # Drafts are kept in the tab under these ids, so that another person does not get them (`drafts.js`).
        shell.props["data-person"] = f"{visit.account.id}:{visit.member.user_id}"
        a(_("Skip to the content"), "#content", "skip-link")
        _topbar()
        with ui.element("aside").classes("sidebar"):
            _brand()
            _palette_opener()
            _navigation(places, path)
            _help(visit, dark)
            _person(visit)
        with ui.element("main").classes("content").props("id=content tabindex=-1"):
            _say_what_is_simulated(visit.destinations)
            with div("page"):
                yield


@contextmanager
def plain(title: str) -> Iterator[None]:
    """A page without navigation: one card in the middle of the screen."""
    _document()
    with ui.element("main").classes("plain").props("id=content"):
        with div("plain-brand"):
            _logo()
            text(PRODUCT)
        with div("card plain-card"):
            yield


def _document() -> ui.dark_mode:
    client = ui.context.client
    ui.add_head_html(assets.head())
    dark = ui.dark_mode({"light": False, "dark": True}.get(theme_of(client.request)))
    client.content.classes("smith")
    # Quasar's page is a `main`, ours is the one without the navigation.
    if client.content.parent_slot is not None:
        client.content.parent_slot.parent.props("role=presentation")
    return dark


def _topbar() -> None:
    with div("topbar"):
        button = ui.element("button").classes("topbar-menu").on("click", js_handler=SHOW_OR_HIDE_NAVIGATION)
        labelled(button, _("Navigation")).props("type=button aria-expanded=false aria-controls=navigation")
        with button:
            ui.icon("menu").props("aria-hidden=true")
        _brand()


def _brand() -> None:
    with a("", "/", "brand"):
        _logo()
        text(PRODUCT)


def _logo() -> None:
    ui.html(assets.LOGO, sanitize=False, tag="span").classes("logo").props("aria-hidden=true")


def _palette_opener() -> None:
    """The button that opens what Ctrl-K opens (`palette.js`)."""
    with ui.element("button").classes("palette-opener").on("click", js_handler=OPEN_PALETTE) as button:
        button.props("type=button aria-haspopup=dialog aria-keyshortcuts=Control+K")
        ui.icon("search").props("aria-hidden=true")
        text(_("Search"))
        text(_("Ctrl K"), tag="kbd").props("aria-hidden=true")


def _navigation(places: "Sequence[Place]", path: str) -> None:
    with labelled(ui.element("nav"), _("Pages")).props("id=navigation").classes("nav"):
        for place in places:
            is_here = path == place.path or (place.path != "/" and path.startswith(f"{place.path}/"))
            with a("", place.path, "nav-item") as link:
                if is_here:
                    link.props("aria-current=page")
                ui.icon(place.icon).props("aria-hidden=true")
                text(place.name)


def _help(visit: Visit, dark: ui.dark_mode) -> None:
    with labelled(div("help-links").props("role=group"), _("Help")):
        a(_("Docs"), "/help", "help-link")
        a(_("API reference"), f"{visit.settings.gateway_url}/api/docs", "help-link")
        text(f"v{version(DISTRIBUTION)}", "muted")
        theme = ui.element("button").classes("icon-button theme-button").on("click", js_handler=NEXT_THEME)
        # The browser keeps the theme. The page must know it as well: it sends it again with each change.
        theme.on("click", lambda: dark.set_value(NEXT_DARK[dark.value]))
        labelled(theme, _("Theme: light, dark or as the system")).props("type=button")
        theme.props["title"] = _("Theme")
        with theme:
            ui.icon("contrast").props("aria-hidden=true")


def _say_what_is_simulated(where: Destinations) -> None:
    """The strip above every page that says what is simulated, so that no person takes it for sent."""
    if not where.kept:
        return
    with div("simulator-strip").props("role=note"):
        ui.icon("science").props("aria-hidden=true")
        text(_("Simulator"), "strong")
        text(where.kept, "simulator-kept")
        a(_("Go live"), "/help#going-live")


def _person(visit: Visit) -> None:
    with div("person"):
        with a("", "/account", "person-link") as link:
            link.props["title"] = visit.member.email
            text(visit.account.name, "person-account")
            text(visit.member.name or visit.member.email, "person-name")
        with ui.element("form").props("method=post action=/sign-out"):
            leave = ui.element("button").classes("icon-button")
            labelled(leave, _("Sign out")).props("type=submit")
            leave.props["title"] = _("Sign out")
            with leave:
                ui.icon("logout").props("aria-hidden=true")
