"""From HTTP request to APNs acceptance: one push notification to one phone, through every process."""

import json
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

from benchmarks.cost import Measured, measured, rows_of_cost, rows_of_processes
from benchmarks.limits import STEPS, Limits, callers_text
from benchmarks.load import Load, load_http
from benchmarks.progress import say
from benchmarks.report import Row
from benchmarks.server import Server
from benchmarks.settings import Amounts
from benchmarks.turns import in_turns, rows_of_servers

BUSY = 64
"""Callers at which the processes are told apart."""
SECTION = "One request to one device, until APNs accepted, which takes {latency} ms"
COST_SECTION = "Cost of such a request, APNs 0 ms"
PROCESSES_SECTION = f"Its processor time at {BUSY} callers"
PATH = "/api/push-notification"


def http_request(method: str, url: str, api_key: str, content: object) -> bytes:
    """A complete HTTP/1.1 request with this content as JSON."""
    address, body = urlsplit(url), json.dumps(content).encode()
    head = (
        f"{method} {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {api_key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def push_request(url: str, api_key: str, number: int) -> bytes:
    """A request for a notification like those in the documentation."""
    notification = {
        "title": f"Build {number} finished",
        "message": "All tests passed",
        "subtitle": "main",
        "redirection": f"https://ci.example.com/builds/{number}",
        "payload": {"build_id": number, "branch": "main"},
    }
    return http_request("POST", url + PATH, api_key, notification)


async def send_to_one_device(server: Server, *, callers: int, count: int) -> Load:
    """Sends `count` notifications to the one phone of the quickstart's account.

    Raises WrongAnswer unless APNs accepted every one before its answer came.
    """
    stack = server.stack
    requests = [push_request(stack.base_url, stack.api_key, number) for number in range(count)]
    return await load_http(stack.base_url, requests, callers=callers, check=is_accepted)


async def warm_up(server: Server, amounts: Amounts) -> None:
    """Sends requests until connection pools are full and statements are prepared."""
    await server.apns.reset(latency_ms=0)
    # Few callers first: the gateway lets a key that core has not accepted yet make no more than 128 calls at once.
    for callers, count in sorted(amounts.requests[0].items()):
        await send_to_one_device(server, callers=callers, count=count // 4)


async def measure_requests(servers: Sequence[Server], amounts: Amounts, limits: Limits) -> list[Row]:
    """The rows of this section, and what a request costs."""
    rows, cost_rows, process_rows = [], [], []
    for latency_ms, counts in amounts.requests.items():
        section = SECTION.format(latency=latency_ms)
        for callers, count in counts.items():
            say(f"measuring requests to one device: {callers_text(callers)}, APNs {latency_ms} ms")
            runs = await in_turns(_measuring(latency_ms, callers, count), servers, amounts.repetitions)
            # The limit is measured with an APNs that answers at once.
            limit = None if latency_ms else (limits.steps_in_a_row(callers), STEPS)
            loads = [[run.result for run in of_server] for of_server in runs]
            rows += rows_of_servers(section, callers_text(callers), servers, loads, limit=limit)
            if not latency_ms:
                cost_rows += rows_of_cost(COST_SECTION, callers_text(callers), servers, runs, operations=count)
            if not latency_ms and callers == BUSY:
                process_rows = rows_of_processes(PROCESSES_SECTION, servers, runs, operations=count)
    return rows + cost_rows + process_rows


def _measuring(latency_ms: int, callers: int, count: int) -> Callable[[Server], Awaitable[Measured[Load]]]:
    async def measure(server: Server) -> Measured[Load]:
        await server.apns.reset(latency_ms=latency_ms)
        return await measured(server, lambda: send_to_one_device(server, callers=callers, count=count))

    return measure


def is_accepted(body: bytes, *, devices: int = 1) -> bool:
    """Whether the answer says that APNs has accepted the push for all of so many devices."""
    answer = json.loads(body)
    return answer.get("success") is True and answer.get("devices_notified") == devices
