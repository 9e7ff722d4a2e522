"""Draws a notification as it looks on a lock screen."""

from collections.abc import Callable, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from nicegui import ui

from admin_ui.components.card_parts import OnAction, action_button, app_icon, set_prop
from admin_ui.components.html import div, text
from admin_ui.texts import _

MediaKind = Literal["image", "video", "audio", "unknown"]

ENDINGS: dict[MediaKind, tuple[str, ...]] = {
    "image": ("jpg", "jpeg", "png", "gif", "webp", "heic", "avif"),
    "video": ("mp4", "mov", "m4v", "webm"),
    "audio": ("mp3", "m4a", "wav", "aac", "aiff", "ogg"),
}
ICONS: dict[MediaKind, str] = {"image": "image", "video": "movie", "audio": "graphic_eq", "unknown": "attachment"}
NAMES: dict[MediaKind, str] = {
    "image": _("Image"),
    "video": _("Video"),
    "audio": _("Audio"),
    "unknown": _("Attachment"),
}

BELOW = ("icon", "media", "actions", "redirection")
"""What is drawn below the text once the card is expanded."""


def media_kind(url: str) -> MediaKind:
    """The kind of media by the URL's ending. Only its server knows for sure."""
    try:
        ending = urlsplit(url).path.rpartition(".")[2].lower()
    except ValueError:
        return "unknown"
    return next((kind for kind, endings in ENDINGS.items() if ending in endings), "unknown")


def media_host(url: str) -> str:
    """The host that the URL names; empty unless it is an https URL."""
    try:
        parts = urlsplit(url)
        return parts.hostname or "" if parts.scheme == "https" else ""
    except ValueError:
        return ""


class NotificationCard(ui.element):
    """A notification. A click on it expands it: its whole text, its media, its buttons. The number for the app's icon
    is no part of it.

    Media are on a host that a user has named. The browser asks that host only once the card is expanded, and sends no
    referrer.
    """

    def __init__(
        self,
        notification: Mapping[str, Any],
        on_action: OnAction | None,
        on_open: Callable[[], Any] | None,
        is_expanded: bool,
    ) -> None:
        super().__init__("div")
        self._on_action = on_action
        self._on_open = on_open
        self._is_expanded = is_expanded
        self._shown: dict[str, Any] | None = None
        self.classes("lock-card lock-notification").props("role=group")
        with self:
            with ui.element("button").classes("lock-head").props("type=button") as self._head:
                app_icon()
                with div("lock-words"):
                    self._level = text(_("Time Sensitive"), "lock-level")
                    with div("lock-title-row"):
                        self._title = text("", "lock-title")
                        self._time = text(_("now"), "lock-time", "time")
                    self._subtitle = text("", "lock-subtitle")
                    self._message = text("", "lock-text lock-message")
                with div("lock-side") as self._side:
                    self._media_icon = ui.icon("image").classes("lock-thumb").props("aria-hidden=true")
            self._more = div("lock-more-area")
        self._head.on("click", self._toggle)
        self._head.mark("expand")
        self.update_notification(notification)

    def update_notification(self, notification: Mapping[str, Any]) -> None:
        """Shows the changed notification in place."""
        if notification == self._shown:
            return
        before, self._shown = self._shown, dict(notification)
        title, subtitle, message = (_word(notification, key) for key in ("title", "subtitle", "message"))
        set_prop(self, "aria-label", _("Notification: {title}").format(title=title or message or _("without a title")))
        self._title.text, self._subtitle.text, self._message.text = title, subtitle, message
        self._level.set_visibility(notification.get("interruption_level") == "time-sensitive")
        self._subtitle.set_visibility(bool(subtitle))
        self._message.set_visibility(bool(message))
        self._show_side(notification)
        if before is None or any(before.get(key) != notification.get(key) for key in BELOW):
            self._show_more()

    def _show_side(self, notification: Mapping[str, Any]) -> None:
        received_at, media = (notification.get(key) for key in ("received_at", "media"))
        self._time.set_visibility(bool(received_at))
        if isinstance(received_at, str) and received_at:
            set_prop(self._time, "datetime", received_at)
        self._media_icon.set_visibility(bool(media))
        if isinstance(media, str) and media:
            self._media_icon.name = ICONS[media_kind(media)]
        self._side.set_visibility(bool(media))

    def expand(self) -> None:
        """Shows all of it, as a click does."""
        if not self._is_expanded:
            self._toggle()

    def _toggle(self) -> None:
        self._is_expanded = not self._is_expanded
        self._show_more()

    def _show_more(self) -> None:
        notification = self._shown or {}
        set_prop(self._head, "aria-expanded", "true" if self._is_expanded else "false")
        self.classes(add="is-expanded" if self._is_expanded else "", remove="" if self._is_expanded else "is-expanded")
        self._more.clear()
        if not self._is_expanded:
            return
        icon, media, actions, redirection = (notification.get(key) for key in BELOW)
        with self._more:
            if isinstance(icon, str) and media_host(icon):
                _draw_icon(icon)
            if isinstance(media, str) and media:
                _Media(media)
            for action in actions if isinstance(actions, list | tuple) else ():
                action_button(action, self._on_action, "is-row")
            target = redirection or media
            if self._on_open is not None and isinstance(target, str) and target:
                self._open_button(target)

    def _open_button(self, target: str) -> None:
        with ui.element("button").classes("lock-action is-row is-quiet").props("type=button") as button:
            button.mark("open")
            ui.icon("touch_app").props("aria-hidden=true")
            text(_("Tap: opens {where}").format(where=media_host(target) or _("a link")), "lock-action-title")
        button.on("click", self._on_open)


def _draw_icon(url: str) -> None:
    """The picture that the phone shows in place of the app's icon; nothing if there is none at its address."""
    with div("lock-own"):
        image = ui.element("img").classes("lock-own-icon")
        image.props["src"] = url
        image.props["alt"] = ""
        image.props["referrerpolicy"] = "no-referrer"
        image.on("error", lambda: image.set_visibility(False))
        text(_("Icon from {host}").format(host=media_host(url)), "lock-text")


class _Media(ui.element):
    """The image, or a label for media that cannot be shown here."""

    def __init__(self, url: str) -> None:
        super().__init__("div")
        self._kind = media_kind(url)
        self._host = media_host(url)
        self.classes("lock-media")
        with self:
            if self._host and self._kind in {"image", "unknown"}:
                # A URL without an ending may well be an image: the browser finds out.
                image = ui.element("img").classes("lock-image")
                image.props["src"] = url
                image.props["alt"] = _("Image from {host}").format(host=self._host)
                image.props["referrerpolicy"] = "no-referrer"
                image.on("error", self._is_no_image)
            else:
                self._label(_("plays on the phone") if self._host else _("not an https URL"))

    def _is_no_image(self) -> None:
        self.clear()
        with self:
            self._label(_("cannot be shown here"))

    def _label(self, remark: str) -> None:
        with div("lock-attachment"):
            ui.icon(ICONS[self._kind]).props("aria-hidden=true")
            with div("lock-words"):
                text(NAMES[self._kind], "lock-title")
                text(_("{host}, {remark}").format(host=self._host or _("unknown host"), remark=remark), "lock-text")


def _word(notification: Mapping[str, Any], key: str) -> str:
    value = notification.get(key)
    return value if isinstance(value, str) else ""
