"""Which request caused the pushes of an activity. The reconciler works for all requests, but logs and traces should
name one.

It is kept in memory, and only for as long as it is probably right.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

from service_kit import tracing
from service_kit.tracing import NO_ORIGIN, Origin

MAX_ACTIVITIES = 1000
LIFETIME_SECONDS = 10.0
"""A push later than this after the last request is more likely a repetition, or caused by time."""


class Origins:
    """The last request about each activity, in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._noted: OrderedDict[str, tuple[float, Origin]] = OrderedDict()

    def note(self, activity_id: str) -> None:
        """Notes that the running task serves a request that has changed the activity."""
        asking = tracing.origin()
        if asking is NO_ORIGIN:
            return
        self._noted.pop(activity_id, None)
        self._noted[activity_id] = (self._clock() + LIFETIME_SECONDS, asking)
        if len(self._noted) > MAX_ACTIVITIES:
            self._noted.popitem(last=False)

    def of(self, activity_id: str) -> Origin:
        """Returns the request that a push of the activity is sent for now."""
        until, asking = self._noted.get(activity_id, (0.0, NO_ORIGIN))
        return asking if self._clock() < until else NO_ORIGIN
