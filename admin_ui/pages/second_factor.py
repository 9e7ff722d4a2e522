"""The page for people who must set up a second factor before anything else."""

from nicegui import ui

from admin_ui.components.html import p
from admin_ui.components.layout import page_header
from admin_ui.second_factor.panel import SecondFactorPanel
from admin_ui.site import SET_UP_FACTOR, Site
from admin_ui.texts import _
from admin_ui.visit import Visit


def create(site: Site) -> None:
    """Registers `/second-factor`."""

    @site.page(SET_UP_FACTOR, title=_("Set up a second factor"))
    async def second_factor(visit: Visit) -> None:
        about = _("{name} asks everybody for a second factor. Set up one of these to go on.").format(
            name=visit.account.name
        )
        if not visit.lacks_second_factor:
            about = _("A stolen password is then not enough to sign in.")
        with page_header(_("Set up a second factor"), about):
            pass

        async def go_on() -> None:
            ui.navigate.to("/")

        panel = SecondFactorPanel(visit)
        panel.on_set_up = go_on
        await panel.refresh()
        p(_("Not sure? A passkey is the quickest, and an authenticator app works everywhere."), "muted small")
