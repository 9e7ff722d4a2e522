"""Draws notifications and Live Activities as an iPhone's lock screen shows them.

    card = activity_card(
        {"title": "Deploy", "type": "segmented_progress", "number_of_steps": 4, "current_step": 2, "color": "lime"},
        [{"title": "Open", "type": "open_url", "url": "https://ci.example.com"}],
        on_action=open_it,  # called with the action; without it the button is a mere picture
    )
    card.update_state({"title": "Deploy", ..., "current_step": 3}, actions)     # moves smoothly, in place
    card.update_state(last_state, ended=True)

    note = notification_card(
        {"title": "Build failed", "message": "main is red", "received_at": "2026-11-25T09:41Z", "actions": [...]},
        on_action=run, on_open=follow_redirection,
    )
    note.update_notification({...})

Content states have the API's own keys (snake case). A state that a person is still composing is drawn without its
missing parts. The first 8 `metrics` fit; the card says how many more there are. All texts are shown as text, never
as HTML. A notification's media are loaded only once it is expanded.

A card is as wide as its container, from 240 px on. It follows the light or dark theme of the page; inside
`.lock-on-wallpaper` it is translucent. The stylesheet is `static/lock_screen.css`, which every page has.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from admin_ui.components.activity_card import ActivityCard
from admin_ui.components.card_parts import OnAction
from admin_ui.components.notification_card import NotificationCard


def activity_card(
    content_state: Mapping[str, Any],
    actions: Sequence[Mapping[str, Any]] = (),
    *,
    on_action: OnAction | None = None,
    ended: bool = False,
) -> ActivityCard:
    """A Live Activity of any type. `actions` are its buttons, `{title, type, url?}`."""
    card = ActivityCard(content_state, actions, on_action)
    if ended:
        card.update_state(content_state, actions, ended=True)
    return card


def notification_card(
    notification: Mapping[str, Any],
    *,
    on_action: OnAction | None = None,
    on_open: Callable[[], Any] | None = None,
    expanded: bool = False,
) -> NotificationCard:
    """A notification: `title`, `subtitle`, `message`, `media`, `redirection`, `actions`, `received_at` (ISO 8601), each
    of which may be missing or None.

    `on_open` is what a tap on the notification itself does; it is offered when there is a redirection or media.
    """
    return NotificationCard(notification, on_action, on_open, expanded)
