"""From HTTP request to APNs acceptance: one push notification to one phone, through every process."""

import json
from urllib.parse import urlsplit

from benchmarks.limits import STEPS, Limits, callers_text
from benchmarks.load import Load, load_http
from benchmarks.report import Row, compared, row_of_loads
from benchmarks.server import cpu_seconds
from benchmarks.settings import Amounts
from tests.stack import Stack

SECTION = "One request to one device, until APNs accepted"
CPU_SECTION = "Processor time of such a request, at {callers} callers"
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


async def send_to_one_device(stack: Stack, *, callers: int, count: int) -> Load:
    """Sends `count` notifications to the one phone of the quickstart's account.

    Raises WrongAnswer unless APNs accepted every one before its answer came.
    """
    requests = [push_request(stack.base_url, stack.api_key, number) for number in range(count)]
    return await load_http(stack.base_url, requests, callers=callers, check=_is_accepted)


async def warm_up(stack: Stack, amounts: Amounts) -> None:
    """Sends requests until connection pools are full and statements are prepared."""
    callers, count = max(amounts.requests.items())
    await send_to_one_device(stack, callers=callers, count=count // 4)


async def measure_requests(stack: Stack, amounts: Amounts, limits: Limits) -> list[Row]:
    """The rows of this section, and where the processor time of a request goes."""
    await warm_up(stack, amounts)
    rows, cpu_rows = [], []
    for callers, count in amounts.requests.items():
        before = cpu_seconds(stack)
        loads = [await send_to_one_device(stack, callers=callers, count=count) for _ in range(amounts.repetitions)]
        used = {name: seconds - before[name] for name, seconds in cpu_seconds(stack).items()}
        row = row_of_loads(SECTION, callers_text(callers), "requests/s", loads)
        rows.append(compared(row, limits.steps_in_a_row(callers), STEPS))
        cpu_rows = rows_of_cpu(CPU_SECTION.format(callers=callers), used, requests=count * amounts.repetitions)
    return rows + cpu_rows


def rows_of_cpu(section: str, used: dict[str, float], *, requests: int) -> list[Row]:
    """The rows of a section: the seconds that each process has `used` for one of the `requests`."""
    total = sum(used.values())
    return [
        Row(section, name, seconds / requests * 1000, "ms", ratio=seconds / total, to="all processes")
        for name, seconds in sorted(used.items(), key=lambda item: -item[1])
    ]


def _is_accepted(body: bytes) -> bool:
    answer = json.loads(body)
    return answer.get("success") is True and answer.get("devices_notified") == 1
