"""Servers whose APNs is the simulator, each alone or several on one PostgreSQL."""

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import httpx

from tests.stack import Stack

# The machine's limit is measured, not the account's.
ENVIRONMENT = {"SMITH_RATE_LIMIT_PER_MINUTE": "1000000", "SMITH_LOG_LEVEL": "warning"}
SIMULATOR = {"settings": {"accept_unknown_tokens": True, "log_requests": False}}


class SimulatedServers:
    """Starts servers, and removes them when `held` is closed."""

    def __init__(self, held: ExitStack, **settings: str) -> None:
        """`settings` are those of all, beside the benchmarks' own."""
        self._held = held
        self._settings = ENVIRONMENT | settings

    def start(self, *, beside: Stack | None = None) -> Stack:
        """Starts one with a PostgreSQL of its own, or on that of the server `beside` it."""
        stack = self._held.enter_context(self._beside(beside) if beside else Stack(None, **self._settings)).start()
        faults = f"{stack.simulator_url}/apns/faults"
        httpx.post(faults, json=SIMULATOR, timeout=10, trust_env=False).raise_for_status()
        return stack

    def _beside(self, first: Stack) -> Stack:
        folder = Path(tempfile.mkdtemp(prefix="smith-bench-"))
        self._held.callback(shutil.rmtree, folder)
        # The first has made the account and its key, and does not tell them a second time.
        shutil.copy(first.data_dir / "quickstart.json", folder)
        return Stack(folder, **self._settings, SMITH_DATABASE_URL=first.database_url)
