"""A device's state in plain words, and what to do about it."""

from dataclasses import dataclass

from smith.core.v1.device_pb2 import (
    APNS_ENVIRONMENT_SANDBOX,
    BROWSER_PUSH_SERVICE_APPLE,
    BROWSER_PUSH_SERVICE_GOOGLE,
    BROWSER_PUSH_SERVICE_MICROSOFT,
    BROWSER_PUSH_SERVICE_MOZILLA,
    DEVICE_PLATFORM_IOS,
    DEVICE_PLATFORM_WEB,
    DEVICE_STATE_DEAD,
    DEVICE_STATE_WAITING,
    PUSH_TOKEN_STATE_ACTIVE,
    PUSH_TOKEN_STATE_DEAD,
    Device,
)
from smith.delivery.v1.reason_pb2 import Concern, Reason

from admin_ui.texts import _
from service_kit.enum_words import by_word


@dataclass(frozen=True)
class Words:
    """The words about a device's state."""

    label: str
    tone: str
    """Tone of the badge, see `components.layout.badge`."""
    advice: str = ""
    """What to do, or to know; empty if there is nothing."""


READY = Words(_("Ready"), "good")
WAITING = Words(_("Waiting"), "info", _("Open the app, or the browser's page, on that device and allow notifications."))
"""It has not said yet what it is."""
WAITING_FOR_APP = Words(_("Waiting for the app"), "info", _("Open the app on the phone and allow notifications."))
WAITING_FOR_BROWSER = Words(
    _("Waiting for the browser"), "info", _("Open this server's page in that browser and allow notifications.")
)
READY_APPLE_BROWSER = Words(
    _("Ready"),
    "good",
    _("Of a Live Activity it is told the start, alerts and the end. The card moves while the page is open."),
)
ALERTS_ONLY = Words(
    _("Notifications only"),
    "good",
    _("Live Activities can start once the app has reported for them: open it, on iOS 17.2 or later."),
)
CANNOT_START = Words(
    _("Live Activities lost"),
    "warn",
    _(
        "Notifications arrive, but Apple refuses to start Live Activities. "
        "Open the app on the phone to renew its token."
    ),
)
REFUSED = {
    word: Words(said.label, "bad", said.advice)
    for word, (_word, said) in by_word(Reason.DESCRIPTOR, Concern.DESCRIPTOR).items()
    if said.label
}
"""By why Apple, or the browser's push service, refuses the device's token."""
REFUSED_OTHERWISE = Words(_("Unreachable"), "bad", _("Apple refuses its token. Open the app on the phone to renew it."))
BROWSER_REFUSED_OTHERWISE = Words(
    _("Unreachable"),
    "bad",
    _("Its push service refuses it. Open this server's page in that browser to register it again."),
)
PUSHES_BY = {
    BROWSER_PUSH_SERVICE_APPLE: "Apple",
    BROWSER_PUSH_SERVICE_GOOGLE: "Google",
    BROWSER_PUSH_SERVICE_MICROSOFT: "Microsoft",
    BROWSER_PUSH_SERVICE_MOZILLA: "Mozilla",
}
ICONS = {DEVICE_PLATFORM_IOS: "phone_iphone", DEVICE_PLATFORM_WEB: "language"}


def words_of(device: Device) -> Words:
    """The words about the device's state."""
    if device.platform == DEVICE_PLATFORM_WEB:
        return _words_of_browser(device)
    if device.state == DEVICE_STATE_WAITING:
        return WAITING_FOR_APP if device.platform == DEVICE_PLATFORM_IOS else WAITING
    if device.state == DEVICE_STATE_DEAD:
        if device.push_token_state == PUSH_TOKEN_STATE_DEAD:
            return REFUSED.get(device.push_token_reason, REFUSED_OTHERWISE)
        return CANNOT_START
    return READY if device.push_to_start_token_state == PUSH_TOKEN_STATE_ACTIVE else ALERTS_ONLY


def _words_of_browser(device: Device) -> Words:
    if device.state == DEVICE_STATE_WAITING:
        return WAITING_FOR_BROWSER
    if device.state == DEVICE_STATE_DEAD:
        # Its subscription is both tokens.
        reason = device.push_token_reason or device.push_to_start_token_reason
        return REFUSED.get(reason, BROWSER_REFUSED_OTHERWISE)
    return READY_APPLE_BROWSER if device.push_service == BROWSER_PUSH_SERVICE_APPLE else READY


def kind_of(device: Device) -> str:
    """What the device is, as far as it has reported it."""
    if device.platform == DEVICE_PLATFORM_WEB:
        by = PUSHES_BY.get(device.push_service)
        return _("Browser · pushes by {by}").format(by=by) if by else _("Browser · own push service")
    parts = [f"iOS {device.os_version}"] if device.os_version else []
    if device.environment == APNS_ENVIRONMENT_SANDBOX:
        parts.append(_("development build"))
    return " · ".join(parts)


def icon_of(device: Device) -> str:
    """The icon of what the device is."""
    return ICONS.get(device.platform, "device_unknown")
