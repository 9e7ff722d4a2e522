"""Requests to stop from a person, a terminal or an init system."""

import asyncio
import os
import signal
import sys

REQUESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SAME_REQUEST = 0.5
"""Seconds within which a second signal counts as the same request: make passes its own `kill -TERM` on."""


class StopSignals:
    """`first` is set by SIGINT, SIGTERM or SIGHUP, `again` by another one after that.

    With `SMITH_STOP_AT_EOF=1` the end of standard input sets `first`, as in all processes of ours.
    """

    def __init__(self) -> None:
        """Create it inside a running event loop."""
        self.first = asyncio.Event()
        self.again = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._asked_at = 0.0
        for signum in REQUESTS:
            self._loop.add_signal_handler(signum, self._on_signal)
        if os.environ.get("SMITH_STOP_AT_EOF") == "1":
            self._loop.add_reader(sys.stdin.fileno(), self._on_input)

    def heard(self, signums: bytes) -> None:
        """Counts signals that came before they could be acted on, as `signal.set_wakeup_fd` writes them."""
        if any(signum in REQUESTS for signum in signums):
            self._on_signal()

    def _on_signal(self) -> None:
        now = self._loop.time()
        if not self.first.is_set():
            self._asked_at = now
            self.first.set()
        elif now - self._asked_at > SAME_REQUEST:
            self.again.set()

    def _on_input(self) -> None:
        if not os.read(sys.stdin.fileno(), 1024):
            self._loop.remove_reader(sys.stdin.fileno())
            self._on_signal()
