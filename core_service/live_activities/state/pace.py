"""How often one activity may change on one device, which depends on where it is shown. Pure rules, and the same in SQL.

- A phone draws each state in a card: an update a second.
- A browser shows a notification, and each state replaces it. Google counts pushes that replace each other, and for long
  takes one in 3 minutes. So a step comes 30 seconds after the push before it at the earliest, a mere tick 180 seconds
  after it; what makes a sound, and the end, at once.
- In Apple's browsers each push is a further notification that rings. So there is none for steps and ticks.
"""

import datetime as dt
from enum import Enum, auto

from core_service.devices.models import STACKING, Environment, is_browser

UPDATE_INTERVAL = dt.timedelta(seconds=1)
"""Least time between two updates of one activity on one phone."""
STEP_INTERVAL = dt.timedelta(seconds=30)
TICK_INTERVAL = dt.timedelta(seconds=180)
"""Least time from a push of one activity to one browser until one that brings another step, or only another number."""
NEVER = dt.timedelta(days=1)
"""Longer than any activity is shown."""


class Surface(Enum):
    """Where a device shows an activity."""

    CARD = auto()
    """A card of iOS, on a phone."""
    REPLACED = auto()
    """A notification of a browser, which the next one replaces."""
    STACKED = auto()
    """Notifications of a browser of Apple, one below the other."""

    @property
    def is_browser(self) -> bool:
        """Whether it is a browser's."""
        return self is not Surface.CARD

    @property
    def rest(self) -> dt.timedelta:
        """How long after a push a mere tick must wait."""
        return {Surface.CARD: UPDATE_INTERVAL, Surface.REPLACED: TICK_INTERVAL, Surface.STACKED: NEVER}[self]


def surface_of(environment: str | None) -> Surface:
    """Where a device of this environment shows activities."""
    service = None if environment is None else Environment(environment).push_service
    if service is None:
        return Surface.CARD
    return Surface.REPLACED if service.replaces else Surface.STACKED


def rests_until(surface: Surface, paced_until: dt.datetime | None, now: dt.datetime, *, is_step: bool) -> dt.datetime:
    """When the next update may be sent; `now` at the earliest. `paced_until` is when a mere tick may be."""
    if paced_until is None or paced_until > now + surface.rest:
        # The latter was written before the clock was set back.
        return now
    early = TICK_INTERVAL - STEP_INTERVAL if surface is Surface.REPLACED and is_step else dt.timedelta()
    return max(now, paced_until - early)


IS_BROWSER = is_browser("d.environment")
"""The SQL condition for a device `d` that is a browser."""
STACKS = f"COALESCE(d.environment = '{STACKING}', false)"
"""The SQL condition for a device `d` that is a browser of Apple."""

RESTS_UNTIL = f"""CASE
        WHEN p.paced_until <= activity.at + interval '{UPDATE_INTERVAL.total_seconds():g} seconds'
            THEN GREATEST(activity.at, p.paced_until)
        WHEN p.paced_until IS NULL THEN activity.at
        -- Only browsers rest for longer, so that the devices of phones need not be read.
        ELSE (
            SELECT CASE
                WHEN NOT {IS_BROWSER} OR activity.alert IS NOT NULL THEN activity.at
                WHEN {STACKS} THEN NULL
                WHEN p.paced_until > activity.at + interval '{TICK_INTERVAL.total_seconds():g} seconds' THEN activity.at
                WHEN activity.urgent THEN GREATEST(
                    activity.at, p.paced_until - interval '{(TICK_INTERVAL - STEP_INTERVAL).total_seconds():g} seconds'
                )
                ELSE p.paced_until
            END
            FROM devices d WHERE d.id = p.device_id
        )
    END"""  # noqa: S608 - of constants
"""The SQL value of when a live device may be sent the state that is being written; null if that is no push there. The
state's `at`, `alert` and `urgent` are columns of `activity`."""

IS_SPARED = f"""(
        activity.alert IS NULL AND p.phase = 'live' AND p.next_at IS NULL
        AND p.paced_until > activity.at + interval '{TICK_INTERVAL.total_seconds():g} seconds'
        AND EXISTS (SELECT FROM devices d WHERE d.id = p.device_id AND {STACKS})
    )"""
"""The SQL condition for a device that is not told of the state that is being written."""
