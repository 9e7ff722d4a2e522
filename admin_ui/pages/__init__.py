"""The pages, one module each, registered by `create(site)`."""

from types import ModuleType

from admin_ui.pages import (
    accept_invite,
    account,
    api_keys,
    audit_log,
    channel,
    channels,
    delivery_log,
    devices,
    help_page,
    live_activities,
    live_activity,
    lock_screen,
    members,
    notification,
    overview,
    playground,
    settings,
    setup,
    sign_in,
)

PAGES: tuple[ModuleType, ...] = (
    accept_invite,
    account,
    api_keys,
    audit_log,
    channel,
    channels,
    delivery_log,
    devices,
    help_page,
    live_activities,
    live_activity,
    lock_screen,
    members,
    notification,
    overview,
    playground,
    settings,
    setup,
    sign_in,
)
