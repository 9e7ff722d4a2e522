"""Makes the screen equal to the state that the server describes."""

import datetime
import logging
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from simulator.phones.activity_cards import ActivityCards
from simulator.phones.content_state import ContentState, Decodable, Text
from simulator.phones.drops import Drop
from simulator.phones.live_activity_push import LATEST

log = logging.getLogger(__name__)


class ExpectedActivity(Decodable):
    """A Live Activity as the server describes it."""

    activity_id: Annotated[Text, Field(min_length=1, max_length=200)]
    phase: Literal["starting", "active", "ended"]
    content_state: ContentState
    timestamp: Annotated[int, Field(ge=0, le=LATEST)] = 0
    stale_at: str | None = None
    dismiss_at: str | None = None
    broadcast_channel_id: Text | None = None
    """The broadcast channel to which an activity listens that the app starts."""


def catch_up(cards: ActivityCards, described: list[Any]) -> list[Drop]:
    """Applies the answer to `GET /api/device/state`. Returns the reasons why parts could not be applied.

    An activity that the person has dismissed stays away, even if the server does not know it yet. The app in `ios/`
    agrees on the cases of `catch_up.json` among its fixtures.
    """
    items = [item if isinstance(item, dict) else {} for item in described]
    listed = {item.get("activity_id") for item in items if isinstance(item.get("activity_id"), str)}
    for card in cards.cards():
        if card.activity_id not in listed:
            cards.remove(card)
    # Ends come first: they make room for starts.
    in_turn = sorted(items, key=lambda item: item.get("phase") != "ended")
    return [drop for item in in_turn if (drop := _apply(cards, item)) is not None]


def _apply(cards: ActivityCards, item: dict[str, Any]) -> Drop | None:
    try:
        expected = ExpectedActivity.model_validate(item)
        stale_at, dismiss_at = _unix(expected.stale_at), _unix(expected.dismiss_at)
    except (ValidationError, ValueError, OverflowError) as error:
        log.warning("the app cannot decode a Live Activity of /api/device/state: %s", type(error).__name__)
        return Drop.UNDECODABLE
    if expected.phase == "starting":
        return None
    content, timestamp = expected.content_state, expected.timestamp
    card = cards.find(expected.activity_id)
    if expected.phase == "ended":
        if card is not None:
            cards.end_by_app(card, content, timestamp, dismiss_at)
    elif card is not None:
        cards.update_by_app(card, content, timestamp, stale_at)
    elif expected.activity_id not in cards.record.dismissed:
        started = cards.start_by_app(expected.activity_id, content, timestamp, stale_at, expected.broadcast_channel_id)
        return None if started else Drop.TOO_MANY
    return None


def _unix(text: str | None) -> float | None:
    if text is None:
        return None
    moment = datetime.datetime.fromisoformat(text)
    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()
    return min(max(seconds, 0.0), LATEST)
