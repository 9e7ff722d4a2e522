"""When failed work is tried again."""

import datetime as dt
import random
from dataclasses import dataclass

CAP_SECONDS = 15.0
MAX_DOUBLINGS = 16
APPLE_ASKS_SECONDS = 900.0
"""The longest wait that APNs asks for: a quarter of an hour after a 5xx."""
LONGEST_PUSH_WAIT_SECONDS = 4 * APPLE_ASKS_SECONDS * 1.1 + 60
"""Longer than any delay between two attempts of a push, and than any lease."""


def delay_seconds(retry_after_seconds: float, attempts: int, jitter: random.Random) -> float:
    """Returns the seconds until the next attempt of a push.

    `retry_after_seconds` is the least wait that the failure asks for (Apple asks for 15 minutes after a 5xx). It
    doubles with each of the `attempts` so far, up to 15 seconds or four times the least wait, whichever is longer. So
    the end of an outage is noticed soon, and an overloaded APNs is left alone. Up to a tenth is added at random, so
    that pushes do not all come back at the same moment.
    """
    least = max(retry_after_seconds, 0.5)
    doubled = least * 2.0 ** min(max(attempts, 0), MAX_DOUBLINGS)
    return min(doubled, max(CAP_SECONDS, 4 * least)) * (1 + jitter.random() / 10)


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """When a mail or a webhook call is tried again, and when it is given up."""

    waits_seconds: tuple[float, ...]
    """The waits after the first attempt, the second, and so on. The last one repeats."""
    give_up_after: dt.timedelta
    """Older work has failed."""
    max_attempts: int | None = None
    """None: only the age counts."""
    most_asked_seconds: float = 0.0
    """The longest wait that a receiver may ask for."""

    @property
    def longest_wait_seconds(self) -> float:
        """Above every wait between two attempts."""
        return max(self.waits_seconds[-1], self.most_asked_seconds)

    def wait_seconds(self, attempts: int, age: dt.timedelta, *, asked_seconds: float = 0.0) -> float | None:
        """Returns the seconds until the next attempt of work of this age, after this many `attempts`; None if there
        is none. `asked_seconds` is the wait that the receiver asks for."""
        if age >= self.give_up_after or (self.max_attempts is not None and attempts >= self.max_attempts):
            return None
        wait = self.waits_seconds[min(max(attempts, 1), len(self.waits_seconds)) - 1]
        return max(wait, min(asked_seconds, self.most_asked_seconds))
