"""Logs repeated problems: once at first, then their count at intervals."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)

INTERVAL = 60.0
"""Seconds between two lines on the same problem at least."""
MAX_PROBLEMS = 200


@dataclass(slots=True)
class _Problem:
    logged_at: float
    unlogged: int = 0


class ProblemLog:
    """Logs each distinct problem when it first occurs, and then at most once a minute, with its count."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._problems: OrderedDict[str, _Problem] = OrderedDict()

    def report(self, key: str, text: str, *, level: int = logging.WARNING) -> None:
        """Reports that the problem `key` occurred; `text` describes it without secrets."""
        now = self._clock()
        problem = self._problems.get(key)
        if problem is None:
            if len(self._problems) >= MAX_PROBLEMS:
                self._problems.popitem(last=False)
            self._problems[key] = _Problem(now)
            log.log(level, "%s", text)
            return
        problem.unlogged += 1
        if now - problem.logged_at >= INTERVAL:
            log.log(level, "%s (%d times since the last such line)", text, problem.unlogged)
            problem.logged_at, problem.unlogged = now, 0
