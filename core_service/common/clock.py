"""The clock, as a parameter, so that tests can change the time."""

import datetime as dt
from collections.abc import Callable

Clock = Callable[[], dt.datetime]
"""Returns the time in UTC. The machine's own clock is `core_service.common.orm.now`."""
