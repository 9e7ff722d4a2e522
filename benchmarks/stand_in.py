"""The stand-in for APNs as a process of its own, and what it says."""

import os
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from service_kit.addresses import LOOPBACK, join
from simulator.credentials import Credentials

HOST = "localhost"
SECONDS = 150.0


@dataclass(frozen=True)
class StandIn:
    """A running stand-in."""

    credentials: Credentials
    port: int
    control_port: int
    pid: int

    @property
    def control_url(self) -> str:
        """Where it says what has come."""
        return f"http://{join(LOOPBACK, self.control_port)}"

    def environment(self) -> dict[str, str]:
        """The settings of a server that sends to it as to Apple."""
        address = join(HOST, self.port)
        return {
            "SMITH_APNS_KEY_FILE": str(self.credentials.provider_key),
            "SMITH_APNS_KEY_ID": "ABCDE12345",
            "SMITH_APNS_TEAM_ID": "TEAM123456",
            "SMITH_APNS_TOPIC": "com.example.app",
            "SMITH_APNS_CA_FILE": str(self.credentials.ca),
            "SMITH_APNS_PRODUCTION_ADDRESS": address,
            "SMITH_APNS_SANDBOX_ADDRESS": address,
        }

    def tls(self) -> ssl.SSLContext:
        """What a client of it needs."""
        context = ssl.create_default_context(cafile=self.credentials.ca)
        context.set_alpn_protocols(["h2"])
        return context

    async def reset(self, *, latency_ms: float | None = None) -> None:
        """Sets its counters to 0. `latency_ms` is from a push to its answer, from now on."""
        query = {} if latency_ms is None else {"latency_ms": str(latency_ms)}
        await self._ask("DELETE", "/stats", query)

    async def stats(self) -> dict[str, int]:
        """The counters."""
        return dict(await self._ask("GET", "/stats"))

    async def until_accepted(self, count: int) -> dict[str, int]:
        """The counters, once that many pushes were accepted. Raises httpx.HTTPStatusError after two minutes."""
        return dict(await self._ask("GET", "/stats", {"accepted": str(count)}))

    async def states(self) -> list[dict[str, Any]]:
        """The newest state of each Live Activity on a phone that was updated since the last reset."""
        return list(await self._ask("GET", "/states"))

    async def _ask(self, method: str, path: str, query: dict[str, str] | None = None) -> Any:
        async with httpx.AsyncClient(base_url=self.control_url, timeout=SECONDS, trust_env=False) as http:
            return (await http.request(method, path, params=query)).raise_for_status().json()


@contextmanager
def running_stand_in(latency_ms: float = 0.0) -> Iterator[StandIn]:
    """A stand-in on free ports, which ends with this process. Its folder is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="smith-stand-in-") as folder:
        command = [sys.executable, "-m", "benchmarks.apns_stand_in", folder, "--latency-ms", str(latency_ms)]
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).parents[1],
            env={**os.environ, "SMITH_STOP_AT_EOF": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            ports = process.stdout.readline().split()
            if len(ports) != 2:
                raise OSError("the stand-in for APNs did not start: see the lines above")
            yield StandIn(Credentials(Path(folder)), int(ports[0]), int(ports[1]), process.pid)
        finally:
            process.terminate()
            process.wait()
