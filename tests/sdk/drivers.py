"""The SDKs of both languages behind one interface, for claims that hold for both."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.sdk.packages import PINNED, Packages
from tests.sdk.programs import HERE, HOSTS, NODE, environment, node_is_installed
from tests.waiting import LONG

NODE_NAMES = {"live_activities": "liveActivities", "end_stream": "endStream", "badge_count": "badgeCount"}
ENDINGS = {"python": "py", "node": "mjs"}


@dataclass
class Outcome:
    """What a program that uses the SDK sees of a call: an answer, or an error."""

    answer: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    """What the SDK raises or throws; empty if it does not."""
    status: int = 0
    body: dict[str, Any] = field(default_factory=dict)
    """The error's document."""
    told: str = ""
    """What else the error says."""
    printed: str = ""
    """What the program printed."""


class Sdk:
    """One language's SDK, in a process that takes calls and programs until the block ends.

    Its host is changed from outside, by what docs/sdks.md gives its readers.
    """

    def __init__(self, language: str, gateway: str, packages: Packages = PINNED) -> None:
        node_is_installed(packages.node)
        self._language = language
        # Programs find the package where they are, as everybody's do.
        self._folder = tempfile.TemporaryDirectory(prefix="smith-sdk-")
        self._programs = 0
        env = environment(gateway, "")
        if language == "python":
            command = [sys.executable, str(HERE / "python" / "driver.py")]
            env["PYTHONPATH"] = f"{HOSTS}:{packages.python}"
        else:
            (Path(self._folder.name) / "node_modules").symlink_to(packages.node)
            command = [NODE, "--import", (HOSTS / "host.mjs").as_uri(), str(HERE / "node" / "driver.mjs")]
        self._process = subprocess.Popen(
            command, env=env, cwd=self._folder.name, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> "Sdk":
        """The process runs already."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Ends the process."""
        self._process.communicate(timeout=3 * LONG)
        self._folder.cleanup()

    def call(self, key: str, resource: str, method: str, *args: Any) -> Outcome:
        """Calls `client(key).resource.method(*args)`, named as in Python; of the client itself if there is no resource.

        The answer is the SDK's model, or what the promise resolves to.
        """
        if self._language == "node":
            resource, method = NODE_NAMES.get(resource, resource), NODE_NAMES.get(method, method)
        return self._ask(key=key, resource=resource, method=method, args=args)

    def run(self, key: str, program: str, *, ending: str = "") -> Outcome:
        """Runs a program as it stands; the key is in its environment. `ending` is that of its file."""
        self._programs += 1
        path = Path(self._folder.name) / f"program_{self._programs}.{ending or ENDINGS[self._language]}"
        path.write_text(program, encoding="utf-8")
        return self._ask(key=key, program=str(path))

    def _ask(self, **asked: Any) -> Outcome:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Outcome(**json.loads(self._process.stdout.readline()))
