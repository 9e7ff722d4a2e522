"""What phones must show after a sequence of calls, by the documentation alone: the model of the state machine test."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

DEFAULT_DISMISSAL_SECONDS = 180.0
ROUNDING_SECONDS = 2.0
"""Dismissal dates travel as whole seconds."""
PRESENTATION_ONLY = ("auto_dismiss_minutes", "auto_dismiss_seconds")


@dataclass(frozen=True)
class Look:
    """How a card looks."""

    fields: Mapping[str, Any]
    """The content state as a phone shows it."""
    button: tuple[str, str] | None = None
    """Title and URL."""
    dismiss_after: float | None = None
    """Seconds that it stays after its end, if that was said."""

    def same_card(self, card: Mapping[str, Any]) -> bool:
        """Whether the card, as the simulator describes it, looks like this."""
        buttons = [(action["title"], action["url"]) for action in card["actions"]]
        return bool(card["content_state"] == dict(self.fields) and buttons == ([self.button] if self.button else []))

    def same_state(self, described: Mapping[str, Any]) -> bool:
        """Whether `content_state` of `GET /api/device/state` describes this."""
        return {**described, "action": None} == {**self.fields, "action": None}


def look(body: Mapping[str, Any], present: Look | None) -> Look:
    """How a card looks after a request with this body; what the request leaves out stays."""
    content: dict[str, Any] = dict(body["content_state"])
    minutes, action = content.get("auto_dismiss_minutes"), body.get("action")
    dismiss_after = None if minutes is None else minutes * 60.0
    fields = {name: value for name, value in content.items() if name not in PRESENTATION_ONLY}
    if present is not None:
        fields = {**{name: present.fields[name] for name in ("type", "color") if name in present.fields}, **fields}
        dismiss_after = present.dismiss_after if dismiss_after is None else dismiss_after
    button = (action["title"], action["url"]) if action else present.button if present else None
    return Look(fields, button, dismiss_after)


@dataclass
class Activity:
    """An activity that the server has promised."""

    id: str
    targets: frozenset[str]
    """Names of the phones it is for."""
    looks: list[Look]
    """How it may look: one, unless several calls were under way at once."""
    stream: str | None = None
    ended: bool = False
    leaves: tuple[float, float] = (0.0, 0.0)
    """Once it has ended: between which UNIX times it leaves the screen."""
    dismissed: set[str] = field(default_factory=set)
    """Phones on which the person removed it."""
    seen: set[str] = field(default_factory=set)
    """Phones that were seen to show it at a quiet point."""
    over: bool = False
    """It has ended, and a quiet point has seen that no phone has it alive."""

    @property
    def look(self) -> Look:
        """How it looks, as far as is known."""
        return self.looks[-1]

    @property
    def counts(self) -> bool:
        """Whether it counts against the account's limit."""
        return not self.ended and bool(self.targets - self.dismissed)

    def end(self, began: float, answered: float, *, after: float | None) -> None:
        """It was ended by a call between these UNIX times, to leave the screen `after` seconds later."""
        seconds = DEFAULT_DISMISSAL_SECONDS if after is None else after
        self.ended, self.leaves = True, (began + seconds, answered + seconds)

    def problem(self, phone: str, card: Mapping[str, Any] | None, now: float) -> str | None:
        """What is wrong with the card on this phone at the UNIX time `now`; `card` is None if there is none."""
        if phone not in self.targets:
            return None if card is None else "is on a phone that it is not for"
        if phone in self.dismissed:
            return None if card is None else "is back though the person removed it"
        if card is None:
            return self._problem_without_card(phone, now)
        if not any(one.same_card(card) for one in self.looks):
            return f"shows {card['content_state']} {card['actions']}, not {self.looks}"
        return self._problem_after_end(card, now) if self.ended else _problem_alive(card)

    def _problem_without_card(self, phone: str, now: float) -> str | None:
        if not self.ended:
            return "is missing"
        if phone in self.seen and now < self.leaves[0] - ROUNDING_SECONDS:
            return "left the screen before its time"
        return None

    def _problem_after_end(self, card: Mapping[str, Any], now: float) -> str | None:
        if card["state"] != "ended":
            return "is alive after its end"
        leaves = unix(card["dismiss_at"])
        earliest, latest = self.leaves
        if not earliest - ROUNDING_SECONDS <= leaves <= latest + ROUNDING_SECONDS or now > latest + ROUNDING_SECONDS:
            return f"leaves the screen at {leaves:.1f}, not between {earliest:.1f} and {latest:.1f}; it is {now:.1f}"
        return None


def _problem_alive(card: Mapping[str, Any]) -> str | None:
    if card["state"] != "active":
        return "has ended though it was not told to end"
    if card["stale"]:
        return "is stale"
    return None if card["token_reported"] else "has an update token that the server was not told"


def unix(text: str) -> float:
    """UNIX seconds of an ISO 8601 date."""
    return dt.datetime.fromisoformat(text).timestamp()


@dataclass
class Stream:
    """A stream that the server knows."""

    key: str
    channel: str | None
    """Its target; None for the whole account."""
    activity: Activity | None = None
    held: Look | None = None
    """While it is paused: what it will show."""
    undecided: list[Look] = field(default_factory=list)
    """The same if calls were under way at once, any of which may have been the last."""

    @property
    def present(self) -> Look | None:
        """What the next PUT builds upon."""
        if self.held is not None or self.activity is None:
            return self.held
        # Its type and colour are known still; its button and its dismissal were those of an activity that is gone.
        shown = self.activity.look
        return replace(shown, button=None, dismiss_after=None) if self.activity.ended else shown

    def expected(self, after: Look, channel: str | None, *, alerting: bool) -> str:
        """The operation that a PUT which leads to this look must be answered with."""
        if self.held is not None:
            return "paused"
        if self.activity is None or self.activity.ended:
            return "started"
        present = self.activity.look
        if channel != self.channel or after.fields["type"] != present.fields["type"]:
            return "rotated"
        return "noop" if after == present and not alerting else "updated"
