"""A phone's screen in memory: what iOS makes of pushes for Live Activities."""

import datetime as dt
import secrets
from dataclasses import dataclass, field
from typing import Any

from core_service.sending.port import OnOutcome, Outcome, OutcomeKind, Target

ACCEPTED = Outcome(OutcomeKind.ACCEPTED)


@dataclass
class InFlight:
    """A push that was not answered yet."""

    aps: dict[str, Any]
    activity_id: str
    target: Target
    on_outcome: OnOutcome
    sent_at: dt.datetime


@dataclass
class Card:
    """An activity on the screen."""

    number: float
    timestamp: int
    token: str
    alive: bool = True
    reported: bool = False


@dataclass
class ScreenedPhone:
    """What iOS makes of pushes."""

    start_token: str
    token_changed_at: dict[str, dt.datetime] = field(default_factory=dict)
    cards: dict[str, Card] = field(default_factory=dict)
    dismissed: set[str] = field(default_factory=set)

    def take(self, push: InFlight) -> Outcome:
        """Applies the push; APNs' answer."""
        aps, token = push.aps, push.target.token
        number = aps["content-state"]["percentage"]
        if aps["event"] == "start":
            if token != self.start_token:
                return Outcome(OutcomeKind.TOKEN_DEAD, "Unregistered", dead_since=self.token_changed_at[token])
            card = self.cards.get(push.activity_id)
            if card is None:
                card = self.cards[push.activity_id] = Card(number, 0, secrets.token_hex(32))
        else:
            card = next((one for one in self.cards.values() if one.token == token), None)
            if card is None:
                return Outcome(OutcomeKind.TOKEN_DEAD, "Unregistered", dead_since=self.token_changed_at.get(token))
        if card.alive and aps["timestamp"] > card.timestamp:
            card.number, card.timestamp = number, aps["timestamp"]
            card.alive = aps["event"] != "end"
        return ACCEPTED
