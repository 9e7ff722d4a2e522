"""Compares what was promised with what the phone shows."""

import time
from collections import Counter
from dataclasses import dataclass

from reliability.backends import Backends, Stream

POLL_SECONDS = 0.25


@dataclass(frozen=True)
class Count:
    """The result of one fault."""

    fault: str
    happened: str
    """How often, or for how long."""
    sent: int
    promised: int
    """Notifications answered with success."""
    shown: int
    """Of these, on the screen."""
    missing: int
    twice: int
    puts: int
    puts_promised: int
    streams_behind: int
    """Streams whose card shows an older state than the last one promised, or none."""
    cards_too_many: int
    refused: int
    wrong: tuple[str, ...]
    """Answers that are neither success nor 503."""
    catch_up_seconds: float
    """From the end of the load, with the fault healed, until the phone had everything."""

    @property
    def good(self) -> bool:
        """Whether nothing is lost, shown twice or answered wrongly."""
        return not (self.missing or self.twice or self.streams_behind or self.cards_too_many or self.wrong)


def count(backends: Backends, happened: str, *, seconds: float) -> Count:
    """Waits until the phone shows all that was promised, `seconds` at most, and counts."""
    began = time.monotonic()
    tally, phone = backends.tally, backends.phone
    promised = set(tally.promised)
    while True:
        screen = phone.read()
        titles = Counter(shown["title"] for shown in screen["notifications"])
        behind = [stream for stream in tally.streams if not _is_current(stream, screen["live_activities"])]
        missing = promised - titles.keys()
        waited = time.monotonic() - began
        if not (missing or behind) or waited > seconds:
            break
        time.sleep(POLL_SECONDS)
    active = [card for card in screen["live_activities"] if card["state"] == "active"]
    return Count(
        fault=backends.name,
        happened=happened,
        sent=tally.sent,
        promised=len(promised),
        shown=len(promised) - len(missing),
        missing=len(missing),
        twice=sum(1 for times in titles.values() if times > 1),
        puts=tally.puts,
        puts_promised=tally.puts_promised,
        streams_behind=len(behind),
        cards_too_many=max(0, len(active) - len(tally.streams)),
        refused=tally.refused,
        wrong=tuple(tally.wrong),
        catch_up_seconds=waited,
    )


def _is_current(stream: Stream, cards: list[dict[str, object]]) -> bool:
    """Whether one of the cards shows this stream's last promised state or a later one that was sent.

    The cards show which stream they belong to: see `Backends`.
    """
    shown = [_number(card) for card in cards if card["state"] == "active" and _key(card) == stream.key]
    return len(shown) == 1 and stream.promised <= shown[0] <= stream.sent


def _key(card: dict[str, object]) -> str:
    state = card["content_state"]
    assert isinstance(state, dict)
    return str(state["title"])


def _number(card: dict[str, object]) -> int:
    state = card["content_state"]
    assert isinstance(state, dict)
    return int(state["subtitle"])
