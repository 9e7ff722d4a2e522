"""The tabs at the top of the pages under /settings."""

from nicegui import ui

from admin_ui.components.html import a, labelled
from admin_ui.texts import _
from admin_ui.visit import Visit

TABS = (
    (_("General"), "/settings", False),
    (_("Server"), "/settings/server", True),
    (_("Audit log"), "/settings/audit-log", True),
)
"""Name, path, and whether it is for owners only."""


def settings_tabs(visit: Visit, path: str) -> None:
    """Links to those pages that the person may see."""
    with labelled(ui.element("nav").classes("subnav"), _("Settings")):
        for name, target, for_owners in TABS:
            if for_owners and not visit.is_owner:
                continue
            link = a(name, target, "subnav-item")
            if target == path:
                link.props("aria-current=page")
