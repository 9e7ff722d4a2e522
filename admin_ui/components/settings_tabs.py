"""What the pages under /settings have on top."""

from nicegui import ui

from admin_ui.components.html import a
from admin_ui.visit import Visit

TABS = (("General", "/settings", False), ("Audit log", "/settings/audit-log", True))
"""Name, path, and whether it is for owners only."""


def settings_tabs(visit: Visit, path: str) -> None:
    """Links to the other pages, for those who may see them."""
    with ui.element("nav").classes("subnav").props('aria-label="Settings"'):
        for name, target, for_owners in TABS:
            if for_owners and not visit.is_owner:
                continue
            link = a(name, target, "subnav-item")
            if target == path:
                link.props("aria-current=page")
