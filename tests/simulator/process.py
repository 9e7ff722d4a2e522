"""A simulator process of the tests' own, on free ports."""

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.http_client import plain_http_client
from tests.waiting import LONG

SERVING = re.compile(
    r"serving: control API on (http://\S+), APNs on \S+:(\d+), webhooks on (https://[^\s,]+), "
    r"mails on ([^\s,]+):(\d+), web push on http://\S+:(\d+)"
)


async def eventually(condition: Callable[[], Any], seconds: float = LONG) -> Any:
    """Polls until `condition()` is true and returns its value; fails the test after `seconds`."""
    async with asyncio.timeout(seconds):
        while not (value := condition()):  # noqa: ASYNC110 - the condition lies in another process
            await asyncio.sleep(0.01)
    return value


class SimulatorProcess:
    """Runs `python -m simulator` with a data folder."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        self._env = env
        self.lines: list[str] = []

    def start(self) -> "SimulatorProcess":
        """Starts it and returns once it serves."""
        settings = {
            "SMITH_DATA_DIR": str(self.folder),
            "SMITH_SIMULATOR_PORT": "0",
            "SMITH_APNS_SIMULATOR_PORT": "0",
            "SMITH_WEBHOOK_SIMULATOR_PORT": "0",
            "SMITH_SMTP_SIMULATOR_PORT": "0",
            "SMITH_WEBPUSH_SIMULATOR_PORT": "0",
            "SMITH_DRAIN_SECONDS": "1",
            # No program listens on port 1.
            "SMITH_GATEWAY_URL": "http://127.0.0.1:1",
            **self._env,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "simulator"], env={**os.environ, **settings}, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            found = SERVING.search(line)
            if found:
                self.url, self.apns_port, self.sink_url = found[1], int(found[2]), found[3]
                self.mail_address, self.web_push_port = (found[4], int(found[5])), int(found[6])
                break
        else:
            raise AssertionError("the simulator ended: " + "".join(self.lines))
        # An unread pipe would block it one day.
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.http = plain_http_client(self.url)
        return self

    def stop(self) -> int:
        """Asks it to stop; returns its exit code."""
        self.http.close()
        self.process.terminate()
        code = self.process.wait(LONG)
        self._reader.join(LONG)
        return code

    def kill(self) -> None:
        """Ends it at once."""
        self.http.close()
        self.process.kill()
        self.process.wait()

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.lines.extend(self.process.stderr)

    def faults(self, **change: Any) -> None:
        """Changes faults."""
        response = self.http.post("/apns/faults", json=change)
        assert response.status_code == 200, response.text

    def stats(self) -> dict[str, int]:
        """APNs' counters."""
        return dict(self.http.get("/apns/stats").json())

    def phone(self, phone_id: str) -> dict[str, Any]:
        """A phone with its screen."""
        response = self.http.get(f"/phones/{phone_id}")
        assert response.status_code == 200, response.text
        return dict(response.json())

    def change_phone(self, phone_id: str, **settings: Any) -> None:
        """Changes a phone's settings."""
        response = self.http.post(f"/phones/{phone_id}/settings", json=settings)
        assert response.status_code == 200, response.text


def phone_record(push_token: str, **other: Any) -> dict[str, Any]:
    """A paired phone, as the simulator keeps it on disk: pairing itself needs a whole server."""
    return {
        "id": str(uuid.uuid4()),
        "name": "A phone",
        "device_id": str(uuid.uuid4()),
        "device_token": "dev_" + os.urandom(16).hex(),
        "bundle_id": "com.activitysmith.simulator",
        "push_token": push_token,
        "push_to_start_token": os.urandom(32).hex(),
        "tokens_reported": True,
        **other,
    }


def write_phones(folder: Path, records: list[dict[str, Any]]) -> None:
    """Gives a simulator that does not run yet its phones."""
    target = folder / "simulator"
    target.mkdir(parents=True, exist_ok=True)
    (target / "phones.json").write_text(json.dumps({"phones": records}))
