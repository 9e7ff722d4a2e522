"""The time, for what must be able to travel in it."""

import datetime as dt
from collections.abc import Callable

Clock = Callable[[], dt.datetime]
"""Says what time it is, in UTC. The machine's own is `core_service.common.orm.now`."""
