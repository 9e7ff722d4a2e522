"""Something that is to happen unless it is called off in time."""

import asyncio
from collections.abc import Callable


class Alarm:
    """Calls `action` once, when the time is over that it was last set for."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action
        self._timer: asyncio.TimerHandle | None = None
        self._is_retired = False

    @property
    def is_set(self) -> bool:
        """Whether it is still to ring."""
        return self._timer is not None

    def set(self, seconds: float) -> None:
        """Rings in `seconds`, unless it is set already."""
        if self._timer is None and not self._is_retired:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._ring)

    def cancel(self) -> None:
        """Does not ring."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def retire(self) -> None:
        """Does not ring, now or ever."""
        self._is_retired = True
        self.cancel()

    def _ring(self) -> None:
        self._timer = None
        self._action()
