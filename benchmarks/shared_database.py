"""Servers that send to the stand-in, each with a PostgreSQL of its own or several on one."""

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.server import ENVIRONMENT
from benchmarks.stand_in import running_stand_in
from tests.stack import Stack


class Servers:
    """Starts servers, and removes them when `held` is closed."""

    def __init__(self, held: ExitStack, **settings: str) -> None:
        """`settings` are those of all, beside the benchmarks' own. No web admin runs."""
        self._held = held
        apns = held.enter_context(running_stand_in())
        self._settings = ENVIRONMENT | {"SMITH_ADMIN_PORT": ""} | settings | apns.environment()

    def start(self, *, beside: Stack | None = None) -> Stack:
        """Starts one with a PostgreSQL of its own, or on that of the server `beside` it."""
        stack = self._beside(beside) if beside else Stack(None, **self._settings)
        return self._held.enter_context(stack).start()

    def _beside(self, first: Stack) -> Stack:
        folder = Path(tempfile.mkdtemp(prefix="smith-bench-"))
        self._held.callback(shutil.rmtree, folder)
        # The first has made the account and its key, and does not tell them a second time.
        shutil.copy(first.data_dir / "quickstart.json", folder)
        return Stack(folder, **self._settings, SMITH_DATABASE_URL=first.database_url)
