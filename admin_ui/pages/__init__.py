"""The pages, one module each, registered by `create(site)`."""

from types import ModuleType

from admin_ui.pages import accept_invite, members, overview, sign_in

PAGES: tuple[ModuleType, ...] = (accept_invite, members, overview, sign_in)
