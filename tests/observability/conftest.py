"""One server that tells all that it can."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.observability.collector import Collector
from tests.stack import PATIENCE, Stack
from tests.team import Phone, Team
from tests.waiting import LONG, eventually

METRICS = re.compile(r"metrics on (http://\S+)")
PROCESSES = ("gateway", "core", "delivery")
OF_GRPC = re.compile(r"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ \w+\.cc:\d+\] ")
"""A line of gRPC's C library, which says so where a busy machine allows no more threads (docs/observability.md)."""


@dataclass
class Observed:
    """The server, its collector of traces, and an account with a phone."""

    stack: Stack
    collector: Collector
    team: Team
    phone: Phone
    key: httpx.Client

    def logs(self) -> list[dict[str, Any]]:
        """All that the processes have logged so far, but for what gRPC's C library says by itself. The last line may
        not be complete yet."""
        text, _, _ = self.stack.stderr.rpartition("\n")
        return [json.loads(line) for line in text.splitlines() if not OF_GRPC.match(line)]

    def lines_of(self, request_id: str) -> list[dict[str, Any]]:
        """What was logged about a request."""
        return [line for line in self.logs() if line.get("request_id") == request_id]

    def processes_that_know(self, request_id: str) -> set[str]:
        """Those with a line about the request."""
        return {line["process"] for line in self.lines_of(request_id)}

    def metrics(self, process: str) -> str:
        """What a process tells Prometheus."""
        url = self.metrics_url(process)

        def read() -> httpx.Response | None:
            # The connection ends after ten seconds, whatever a busy machine has been doing meanwhile.
            with suppress(httpx.TransportError):
                return httpx.get(url, timeout=LONG, trust_env=False)
            return None

        answer = eventually(f"{process} tells its metrics", read)
        assert answer is not None
        assert answer.status_code == 200
        return answer.text

    def metrics_url(self, process: str) -> str:
        """Where a process says that its metrics are."""
        found = [METRICS.search(line["message"]) for line in self.logs() if line["process"] == process]
        return next(match[1] for match in found if match)


@pytest.fixture(scope="package")
def collector() -> Iterator[Collector]:
    """Takes the traces."""
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture(scope="package")
def observed(collector: Collector) -> Iterator[Observed]:
    """A running server, whose parts run apart: what one tells the other about a request goes over the network."""
    settings = {
        "SMITH_SINGLE_PROCESS": "0",
        "SMITH_LOG_LEVEL": "debug",
        "SMITH_LOG_FORMAT": "json",
        "SMITH_GATEWAY_ACCESS_LOG": "true",
        "SMITH_GATEWAY_METRICS_PORT": "0",
        "SMITH_CORE_METRICS_PORT": "0",
        "SMITH_DELIVERY_METRICS_PORT": "0",
        "SMITH_RATE_LIMIT_PER_MINUTE": "1000000",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        **PATIENCE,
    }
    with Stack(**settings) as stack:
        stack.start()
        team = Team.of(stack)
        yield Observed(stack, collector, team, team.phone(), team.key())


def until_known_to_all(observed: Observed, request_id: str) -> list[dict[str, Any]]:
    """The lines about a request, once all three processes have one."""
    eventually(
        f"{request_id} is in all logs",
        lambda: observed.processes_that_know(request_id),
        until=lambda known: known >= set(PROCESSES),
    )
    return observed.lines_of(request_id)
