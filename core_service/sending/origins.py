"""Which request a push is sent for, where a loop sends for all requests."""

import time
from collections import OrderedDict
from collections.abc import Callable

from service_kit.tracing import NO_ORIGIN, Origin, origin

MAX_ORIGINS = 1000
ORIGIN_SECONDS = 10.0
"""A push later than this after the last request is more likely a repetition, or caused by time."""


class Origins:
    """The last request about each subject, in this process. A loop works for all requests, but logs and traces should
    name one."""

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._noted: OrderedDict[str, tuple[float, Origin]] = OrderedDict()

    def note(self, subject: str) -> None:
        """Notes that the running task serves a request that has changed the subject."""
        asking = origin()
        if asking is NO_ORIGIN:
            return
        self._noted.pop(subject, None)
        self._noted[subject] = (self._steady() + ORIGIN_SECONDS, asking)
        if len(self._noted) > MAX_ORIGINS:
            self._noted.popitem(last=False)

    def of(self, subject: str) -> Origin:
        """Returns the request that a push about the subject is sent for now."""
        until, asking = self._noted.get(subject, (0.0, NO_ORIGIN))
        return asking if self._steady() < until else NO_ORIGIN
