"""A timer that can be cancelled."""

import asyncio
from collections.abc import Callable


class Alarm:
    """A one-shot timer that can be restarted. It calls `action`."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action
        self._timer: asyncio.TimerHandle | None = None
        self._is_retired = False

    @property
    def is_set(self) -> bool:
        """Whether the timer is running."""
        return self._timer is not None

    def set(self, seconds: float) -> None:
        """Starts the timer, for `seconds`. Does nothing if it is running already."""
        if self._timer is None and not self._is_retired:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._ring)

    def cancel(self) -> None:
        """Stops the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def retire(self) -> None:
        """Stops the timer for good: `set` does nothing any more."""
        self._is_retired = True
        self.cancel()

    def _ring(self) -> None:
        self._timer = None
        self._action()
