"""What was answered in the last second, and the task that hands it over.

A request adds to a list, and no more. If core does not take the list, it fills up to a bound; what comes after is
counted, by its caller, and the log shows a gap.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal

import grpc
from smith.internal.v1.request_intake_service_pb2 import RecordRequestsRequest
from smith.internal.v1.request_intake_service_pb2_grpc import RequestIntakeServiceStub
from starlette.types import Scope

from gateway.request_log.batches import (
    DETAILS,
    MOST_REQUESTS,
    STATUS,
    Details,
    MissingKey,
    Noted,
    StrangerKey,
    batch_of,
    minute_now,
)
from gateway.request_log.cleaning import MOST_READ, Cleaner
from gateway.scope_keys import (
    BODY_KEY,
    CHOSEN_KEY,
    HEADERS_KEY,
    IGNORED_KEY,
    PROBLEM_KEY,
    REQUEST_ID_KEY,
    SUBJECT_KEY,
)
from gateway.telemetry import HEALTH, Exchange
from service_kit import tracing
from service_kit.tracing import new_request_id

log = logging.getLogger(__name__)

Bodies = Literal["none", "refused", "all"]
"""Of which requests the body is kept."""

INTERVAL_SECONDS = 1.0
CALL_SECONDS = 5.0
DRAIN_SECONDS = 2.0
"""Seconds that a stopping gateway has to hand over the last second's requests."""
MOST_WAITING = 10_000
"""Requests that may wait to be handed over."""
MOST_UNAUTHENTICATED = 1000
"""The same of those that were answered 401: strangers who make up keys leave room for others."""
MOST_BODY_BYTES = 4 * 1024 * 1024
"""Bytes of bodies that may wait. Beyond it a request is noted without its body."""
MOST_COUNTS = 1000
"""Addresses of strangers, and callers with requests that are missing, that are told apart until they are handed
over."""
SECRETS = (b"ask_", b"ses_", b"dev_")
LONGEST_SECRET = 200
"""As in core. Longer ones belong to no one."""
LASTING = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED,
                     grpc.StatusCode.RESOURCE_EXHAUSTED})  # fmt: skip
"""Failures after which the same batch may be taken later. Core takes it once, even if it has done so already."""


class RequestLog:
    """The log of one gateway. Run it with `running`."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        cleaner: Cleaner,
        bodies: Bodies = "refused",
        *,
        on_missing: Callable[[int], None] = lambda count: None,
    ) -> None:
        """`on_missing` is called with the number of requests that the log will not have."""
        self._call: Any = RequestIntakeServiceStub(channel).RecordRequests
        self._cleaner = cleaner
        self.keeps_bodies = bodies != "none"
        self._keeps_all_bodies = bodies == "all"
        self._on_missing = on_missing
        self._is_away = False
        self._waiting: list[Noted] = []
        self._unauthenticated = 0
        self._body_bytes = 0
        self._strangers: dict[StrangerKey, int] = {}
        self._missing: dict[MissingKey, int] = {}
        self._sending: tuple[RecordRequestsRequest, int] | None = None
        """The batch that core has not confirmed, and the requests in it."""

    @property
    def waiting(self) -> int:
        """Requests that were not handed over yet."""
        return len(self._waiting) + (self._sending[1] if self._sending else 0)

    def note(self, scope: Scope, exchange: Exchange, *, is_operation: bool) -> None:
        """Takes a request that is over. Pages and files are noted only if the request for them was refused, health
        checks never. It neither waits nor fails."""
        status, route = exchange.status, exchange.route
        if not is_operation and (status < 400 or route in HEALTH):
            return
        headers: dict[bytes, bytes] = scope[HEADERS_KEY]
        client = scope.get("client")
        address = client[0] if client else ""
        credentials = headers.get(b"authorization")
        caller = None if credentials is None else _caller(credentials)
        if caller is None:
            if status >= 400:
                self._count_stranger(address, status)
            return
        if status == 401:
            if self._unauthenticated >= MOST_UNAUTHENTICATED:
                self._count_stranger(address, status)
                return
            self._unauthenticated += 1
        if len(self._waiting) >= MOST_WAITING:
            self._miss(caller)
            return
        request_id = scope[REQUEST_ID_KEY]
        is_chosen = CHOSEN_KEY in scope
        self._waiting.append(
            (
                new_request_id() if is_chosen else request_id,
                caller,
                exchange.method,
                route,
                address,
                status,
                exchange.seconds,
                scope.get(SUBJECT_KEY) or "",
                Details(
                    request_id if is_chosen else None,
                    scope["path"],
                    scope["query_string"],
                    scope.get(PROBLEM_KEY),
                    scope.get(IGNORED_KEY),
                    self._kept_body(scope, status),
                )
                if status >= 400
                or self._keeps_all_bodies
                or is_chosen
                or scope["query_string"]
                or scope["path"] != route
                or IGNORED_KEY in scope
                else None,
            )
        )

    def _kept_body(self, scope: Scope, status: int) -> bytes | None:
        """The body, if it is to be kept and there is room for it."""
        body: bytes | None = scope.get(BODY_KEY)
        if body is None or self._body_bytes > MOST_BODY_BYTES or (status < 400 and not self._keeps_all_bodies):
            return None
        self._body_bytes += min(len(body), MOST_READ)
        return body

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hands over what was noted, every second for the length of the block, and what is left at its end."""
        stopping = asyncio.Event()
        task = asyncio.create_task(self._run(stopping))
        try:
            yield
        finally:
            stopping.set()
            await asyncio.wait({task}, timeout=DRAIN_SECONDS)
            task.cancel()
            if lost := self.waiting:
                self._on_missing(lost)
                log.warning("%d requests are missing in the log of requests: core did not take them in time", lost)

    async def _run(self, stopping: asyncio.Event) -> None:
        tracing.leave()
        while not stopping.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(INTERVAL_SECONDS):
                    await stopping.wait()
            await self._try()

    async def _try(self) -> None:
        try:
            await self._hand_over()
        except Exception:
            # The log must not end, nor the gateway fail, for a request that cannot be noted.
            log.exception("a batch of the log of requests failed")

    async def _hand_over(self) -> None:
        """Hands over all that waits. If core does not take it, it waits on."""
        while self._sending or self._waiting or self._strangers or self._missing:
            if self._sending is None:
                await self._prepare()
            if not await self._send():
                return

    async def _prepare(self) -> None:
        """Makes the next batch."""
        noted, strangers, missing = self._waiting[:MOST_REQUESTS], self._strangers, self._missing
        self._strangers, self._missing = {}, {}
        # Removed before: what cannot be made a batch of must not be tried again and again.
        del self._waiting[: len(noted)]
        count = 0
        try:
            batch, count = await batch_of(noted, strangers, missing, self._cleaner)
            self._sending = batch, count
        except asyncio.CancelledError:
            self._strangers, self._missing = strangers | self._strangers, missing | self._missing
            raise
        except Exception:
            count = len(noted)
            self._on_missing(count)
            raise
        finally:
            self._waiting[:0] = noted[count:]
            for one in noted[:count]:
                details = one[DETAILS]
                if details is not None and one[STATUS] == 401:
                    self._unauthenticated -= 1
                if details is not None and details.body is not None:
                    self._body_bytes -= min(len(details.body), MOST_READ)

    async def _send(self) -> bool:
        """Whether core has taken the batch, or never will."""
        if self._sending is None:
            return True
        batch, count = self._sending
        try:
            await self._call(batch, timeout=CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            if error.code() in LASTING:
                if not self._is_away:
                    log.warning("core does not take the log of requests, it is tried again: %s", error.code().name)
                self._is_away = True
                return False
            log.error("%d requests are missing in the log of requests: %s", count, error.code().name)
            self._on_missing(count)
        self._sending, self._is_away = None, False
        return True

    def _count_stranger(self, address: str, status: int) -> None:
        key = minute_now(), address, status
        if key not in self._strangers and len(self._strangers) >= MOST_COUNTS:
            key = key[0], "", status
        self._strangers[key] = self._strangers.get(key, 0) + 1

    def _miss(self, caller: bytes) -> None:
        self._on_missing(1)
        key = minute_now(), caller
        if key in self._missing or len(self._missing) < MOST_COUNTS:
            self._missing[key] = self._missing.get(key, 0) + 1


def _caller(credentials: bytes) -> bytes | None:
    """The hash of the secret in an `Authorization` header, by which core finds its holder; None if it cannot have
    one."""
    scheme, _, secret = credentials.strip().partition(b" ")
    secret = secret.strip()
    if scheme.lower() != b"bearer" or not secret.startswith(SECRETS) or len(secret) > LONGEST_SECRET:
        return None
    return hashlib.sha256(secret).digest()
