"""The pages, one module each, registered by `create(site)`."""

from types import ModuleType

from admin_ui.pages import overview, sign_in

PAGES: tuple[ModuleType, ...] = (overview, sign_in)
