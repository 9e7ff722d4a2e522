"""What the screens of all simulated devices have in common: cards that come, change in place and go."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from nicegui import ui

from admin_ui.components.activity_card import ActivityCard
from admin_ui.components.html import div, labelled, text
from admin_ui.components.notification_card import NotificationCard, media_host
from admin_ui.texts import _


class Deeds(Protocol):
    """What a person does to the phone."""

    async def run_action(self, action: Mapping[str, Any], notification_id: str | None) -> None:
        """Taps a button, of a Live Activity if no notification is named."""

    async def open_notification(self, notification_id: str) -> None:
        """Taps a notification."""

    async def dismiss_notification(self, notification_id: str) -> None:
        """Takes a notification off the screen."""

    async def dismiss_activity(self, activity_id: str) -> None:
        """Takes a Live Activity off the screen."""

    async def clear_notifications(self, notification_ids: Sequence[str] | None) -> None:
        """Takes these notifications off the screen; None for all, with the number on the icon."""


class Screen(ui.element):
    """A screen. Draw its frame with `_draw_cards` and `_draw_banner` in it; then show cards."""

    def __init__(self, deeds: Deeds) -> None:
        super().__init__("section")
        self._deeds = deeds
        self._slots: dict[str, _Slot] = {}
        self._is_first = True

    def say(self, words: str, url: str = "") -> None:
        """Shows the result of a tap on the screen. `url` is the one that the device would open."""
        self._banner.clear()
        with self._banner:
            with div("iphone-banner-words"):
                text(words, "iphone-banner-title", "p")
                if url and media_host(url):
                    link = text(url, "iphone-banner-link", "a")
                    link.props.update({"href": url, "target": "_blank", "rel": "noopener noreferrer"})
                elif url:
                    text(url, "iphone-banner-link")
            close_button(_("Close"), self._banner.clear)

    def _draw_cards(self, quiet: str) -> None:
        """Where the cards will be; `quiet` stands there while there are none."""
        with div("iphone-cards").props("tabindex=0 role=region") as self._cards:
            self._activities = div("iphone-list")
            self._notifications = labelled(div("iphone-list").props("role=group aria-live=polite"), _("Notifications"))
            self._empty = text(quiet, "iphone-quiet", "p")

    def _draw_banner(self) -> None:
        self._banner = div("iphone-banner").props("role=status")

    def _keep_only(self, wanted: set[str]) -> None:
        for key in self._slots.keys() - wanted:
            self._slots.pop(key).element.delete()

    def _all_shown(self) -> None:
        """Call it once all cards are shown: from then on cards arrive visibly."""
        self._empty.set_visibility(not self._slots)
        self._is_first = False

    def _show_activity(self, key: str, activity: Mapping[str, Any]) -> None:
        """A Live Activity as a card of its own."""
        activity_id, actions = str(activity["activity_id"]), activity["actions"]
        slot = self._slots.get(key)
        if slot is None:
            with self._activities:
                slot = self._slots[key] = _Slot(
                    lambda: ActivityCard(
                        activity["content_state"], actions, lambda one: self._deeds.run_action(one, None)
                    ),
                    _("Dismiss this Live Activity"),
                    lambda: self._deeds.dismiss_activity(activity_id),
                    arrives=not self._is_first,
                )
        if isinstance(slot.card, ActivityCard):
            slot.card.update_state(activity["content_state"], actions, ended=activity["state"] == "ended")

    def _arrange(self, keys: Sequence[str]) -> None:
        """Puts the Live Activities into this order."""
        for place, key in enumerate(keys):
            element = self._slots[key].element
            if self._activities.default_slot.children.index(element) != place:
                element.move(target_index=place)

    def _show_notification(
        self,
        key: str,
        notification: Mapping[str, Any],
        dismiss: Callable[[str], Any] | None = None,
        *,
        within: ui.element | None = None,
    ) -> None:
        """A notification; `dismiss` takes another thing than a notification off the screen. It is drawn above the
        others `within` the element, by default where all are."""
        slot = self._slots.get(key)
        if slot is None:
            notification_id, take_off = str(notification["id"]), dismiss or self._deeds.dismiss_notification
            with within or self._notifications:
                slot = self._slots[key] = _Slot(
                    lambda: NotificationCard(
                        notification,
                        lambda action: self._deeds.run_action(action, notification_id),
                        lambda: self._deeds.open_notification(notification_id),
                        is_expanded=False,
                    ),
                    _("Dismiss this notification"),
                    lambda: take_off(notification_id),
                    arrives=not self._is_first,
                )
            # Newest first.
            slot.element.move(target_index=0)
        if isinstance(slot.card, NotificationCard):
            slot.card.update_notification(notification)


class _Slot:
    """A card with its button that dismisses it."""

    def __init__(
        self, make: Callable[[], ui.element], dismiss_label: str, dismiss: Callable[[], Any], *, arrives: bool
    ) -> None:
        with div(f"iphone-slot {'is-arriving' if arrives else ''}") as self.element:
            self.card: ui.element = make()
            close_button(dismiss_label, dismiss)


def close_button(label: str, do: Callable[[], Any]) -> None:
    """A small button that closes or dismisses something."""
    with ui.element("button").classes("iphone-close").props("type=button") as button:
        ui.icon("close").props("aria-hidden=true")
    button.props.update({"aria-label": label, "title": label})
    button.mark("dismiss")
    button.on("click", do)
