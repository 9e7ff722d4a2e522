"""The pages, one module each, registered by `create(site)`."""

from types import ModuleType

from admin_ui.pages import live_activities, live_activity, lock_screen, overview, playground, sign_in

PAGES: tuple[ModuleType, ...] = (overview, live_activities, live_activity, lock_screen, playground, sign_in)
