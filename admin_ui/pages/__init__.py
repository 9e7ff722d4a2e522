"""The pages of people who are signed in, one module each, registered by `create(site)`."""

from types import ModuleType

from admin_ui.pages import (
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
    server,
    settings,
    widgets,
)

PAGES: tuple[ModuleType, ...] = (
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
    server,
    settings,
    widgets,
)
