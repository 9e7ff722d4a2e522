"""Answers, written directly to the ASGI server: JSON by default, each with its request id. Some clients get the
contract's fields only."""

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from starlette.types import Scope, Send

from gateway.problems import Problem
from service_kit import tracing
from service_kit.json_mapping import dump

GO_SDK = {
    b"x-activitysmith-sdk": re.compile(rb"go-"),
    b"user-agent": re.compile(rb"OpenAPI-Generator/[^/]*/go$"),
}
"""How the official Go SDK identifies itself: newer versions by a header, older ones by their generator's name."""


def refuses_unknown_fields(headers: Mapping[bytes, bytes]) -> bool:
    """True for the official Go SDK.

    Its models decode with `DisallowUnknownFields`: with one field too many it reports an error for a push that was
    sent. The other official SDKs ignore such fields.
    """
    return any(pattern.match(headers.get(name, b"")) for name, pattern in GO_SDK.items())


REQUEST_ID_KEY = "smith.request_id"
"""Key of the request's id in its ASGI scope."""
ANSWERED_KEY = "smith.answered"
"""Key of the answer's status and the time (of `time.perf_counter`) at which it was ready."""
IS_STOPPING_KEY = "smith.is_stopping"
"""Key of the function that says whether the process is about to stop."""


@dataclass(slots=True)
class Answer:
    """A status, headers (names in lower case) and a body."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: bytes = b"application/json"


def from_problem(problem: Problem) -> Answer:
    """The answer with the JSON body of `problem`."""
    return Answer(problem.status, dump(problem.body()), problem.headers)


def request_id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The caller's `X-Request-Id` if it is 1 to 64 letters, digits, `_` or `-`, else a new one."""
    return tracing.taken_request_id(
        next((value.decode("latin-1") for name, value in headers if name == b"x-request-id"), "")
    )


async def send_answer(scope: Scope, send: Send, answer: Answer, *, more: bool = False) -> None:
    """Sends `answer`. With `more`, the exchange stays open until an empty last piece of body is sent."""
    scope[ANSWERED_KEY] = (answer.status, time.perf_counter())
    headers = [(b"x-request-id", scope[REQUEST_ID_KEY].encode())]
    if answer.status not in (204, 304):
        headers.append((b"content-type", answer.content_type))
        headers.append((b"content-length", b"%d" % len(answer.body)))
    if "cache-control" not in answer.headers:
        # Some answers hold secrets that are shown once, and all depend on the caller.
        headers.append((b"cache-control", b"no-store"))
    headers.extend((name.encode("ascii"), value.encode("ascii")) for name, value in answer.headers.items())
    if scope[IS_STOPPING_KEY]():
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": more})
