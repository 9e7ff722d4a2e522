"""The timer of a Live Activity: a window of absolute times, so that a phone needs no push while it runs.

Times are UNIX seconds. The keys are those that a phone gets:

- `starts_at`, and `ends_at` unless the timer is open-ended;
- `counts_down`: to 0 at `ends_at`; otherwise up from 0 at `starts_at`;
- `paused_at` while it does not run: it shows what it showed then.
"""

from collections.abc import Mapping
from typing import Any

from service_kit.errors import InvalidRequest

LONGEST = 10 * 365 * 86_400
"""Longer timers are cut to ten years: beyond that, adding to a UNIX time would lose the seconds."""


def timer(
    before: Mapping[str, Any] | None,
    *,
    duration: float | None,
    counts_down: bool | None,
    is_running: bool | None,
    now: float,
    path: str,
) -> dict[str, Any]:
    """The timer after a request. `before` is the activity's timer, None if it has none.

    A duration starts it over. Without one the window stays: `counts_down` true is ignored then, because SDKs send it
    with every state, and a timer that has been counting up would have nothing to count down from.

    Raises InvalidRequest, naming the field under `path`, for a timer without a duration to count down.
    """
    if duration is None and before is not None:
        after = dict(before) | ({"counts_down": False} if counts_down is False else {})
        return paused(after, now) if is_running is False else _resumed(after, now)
    after = {"counts_down": counts_down is not False, "starts_at": _moment(now)}
    if duration is not None:
        after["ends_at"] = _moment(now + min(duration, LONGEST))
    elif after["counts_down"]:
        rule = "is required for type timer, unless counts_down is false"
        raise InvalidRequest.at(f"{path}.duration_seconds", rule)
    return paused(after, now) if is_running is False else after


def paused(running: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The timer, frozen. One that has run out shows its end."""
    moment = min(max(_moment(now), running["starts_at"]), running.get("ends_at", float("inf")))
    return {"paused_at": moment} | dict(running)


def _resumed(before: Mapping[str, Any], now: float) -> dict[str, Any]:
    after = dict(before)
    if (since := after.pop("paused_at", None)) is not None:
        # A clock that was set back must not move the window into the past.
        pause = max(0.0, now - since)
        after |= {name: _moment(after[name] + pause) for name in ("starts_at", "ends_at") if name in after}
    return after


def _moment(seconds: float) -> float:
    """To the millisecond, without a fraction where there is none."""
    rounded = round(float(seconds), 3)
    return int(rounded) if rounded.is_integer() else rounded
