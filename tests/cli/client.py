"""`activitysmith` as people and scripts run it, against a server with phones."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.team import Phone, Team
from tests.waiting import LONG

BIN = Path(sys.executable).parent
ACTIVITYSMITH = BIN / "activitysmith"
SECONDS = 3 * LONG


@dataclass(frozen=True)
class Client:
    """The command with the settings of one user: a server and a key."""

    base_url: str
    api_key: str
    folder: Path
    """Where it is run."""

    @property
    def environment(self) -> dict[str, str]:
        """Ours, with this user's settings only, and the command on the path."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("ACTIVITYSMITH_")}
        settings = {"ACTIVITYSMITH_API_KEY": self.api_key, "ACTIVITYSMITH_BASE_URL": self.base_url}
        return ours | settings | {"PATH": f"{BIN}:{ours['PATH']}"}

    def shell(self, script: str) -> subprocess.CompletedProcess[bytes]:
        """What a shell makes of it."""
        return self._run(["/bin/sh", "-c", script], b"")

    def do(self, *arguments: str | bytes, stdin: bytes = b"", **env: str) -> subprocess.CompletedProcess[bytes]:
        """Runs the command to its end, however that is."""
        return self._run([str(ACTIVITYSMITH), *arguments], stdin, **env)

    def answer(self, *arguments: str, stdin: bytes = b"") -> dict[str, Any]:
        """The JSON of a command that must succeed."""
        done = self.do(*arguments, "--json", stdin=stdin)
        assert done.returncode == 0, done.stderr.decode()
        return dict(json.loads(done.stdout))

    def refused(self, *arguments: str | bytes, code: int, stdin: bytes = b"", **env: str) -> str:
        """What a command says that must end with this exit code and print no answer."""
        done = self.do(*arguments, stdin=stdin, **env)
        said = done.stderr.decode()
        assert (done.returncode, done.stdout) == (code, b""), said
        return said

    def _run(self, command: Sequence[str | bytes], stdin: bytes, **env: str) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            command,
            env=self.environment | env,
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        if self.api_key:
            assert self.api_key.encode() not in done.stdout + done.stderr, "the key is in the output"
        return done


@dataclass(frozen=True)
class Audience:
    """A channel with one phone, and a user whose key reaches just that."""

    slug: str
    phone: Phone
    client: Client

    def card(self, **content_state: Any) -> dict[str, Any]:
        """The phone's only card of this title, once it shows this. `state="ended"` waits for its end."""
        title = content_state["title"]
        [activity_id] = {card["activity_id"] for card in self.phone.cards() if card["content_state"]["title"] == title}
        return self.phone.shows_activity(activity_id, **content_state)


def secret(team: Team, *channels: str) -> str:
    """A new key, restricted to `channels` if any are given."""
    scope = {"scope": "channels", "channels": list(channels)} if channels else {}
    return str(team.ask("POST", "/api/api-keys", name=team.unique("cli"), **scope)["secret"])
