"""Enforces each method's policy (`smith.core.v1.policy` in the protos) before the method runs."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from smith.core.v1 import options_pb2

from core_service.auth.credentials import Credentials
from core_service.auth.rate_limit import RateLimiter
from core_service.identity import principal as principals
from core_service.identity.client_address import read_client_address
from core_service.identity.errors import Forbidden, RateLimited, Unauthenticated
from core_service.identity.models import Role
from core_service.identity.principal import Anonymous, ApiKeyPrincipal, DevicePrincipal, Principal, SessionPrincipal
from service_kit.errors import Unavailable
from service_kit.interceptors import AwaitedCall, Continuation, Handler, awaited_behaviour, like, text_of
from service_kit.peers import Peers

RECHECK_SECONDS = 30.0
"""How often the caller of a quiet stream is looked up again."""
FRESH_SECONDS = 1.0
"""A stream's message is sent without another look-up if the last one is at most this old. A look-up for each message
would make a busy stream expensive."""

ACCOUNT_KEY = "x-account-id"
"""Metadata with the account for which the admin showed a page. If the person has switched to another account since, the
call is refused, so that it does not change the wrong account."""

ACTS_A_MINUTE = 600
"""Calls of administration that one person may make in a minute. People and their scripts stay far below it, and an
audit log cannot be flooded."""

MISMATCH = {
    ApiKeyPrincipal: "An API key cannot do this.",
    SessionPrincipal: "Only an owner of the account can do this.",
    DevicePrincipal: "A device cannot do this.",
}


def read_policies(services: Iterable[ServiceDescriptor]) -> dict[str, options_pb2.MethodPolicy]:
    """Reads the policy of each method, by the method's path.

    Raises ValueError if a method declares none. A forgotten policy must not leave a method open.
    """
    policies = {}
    for service in services:
        for method in service.methods:
            policy = method.GetOptions().Extensions[options_pb2.policy]
            if not policy.allow or options_pb2.ACCESS_UNSPECIFIED in policy.allow:
                raise ValueError(f"{method.full_name} declares no policy")
            policies[f"/{service.full_name}/{method.name}"] = policy
    return policies


class AccessInterceptor(grpc.aio.ServerInterceptor):
    """Finds out who calls, refuses callers that the policy does not allow, and counts rate-limited requests.

    The caller of a streaming method is looked up again every `recheck_seconds`, and before a message is sent if the
    last look-up is older than `fresh_seconds`.
    """

    def __init__(
        self,
        policies: Mapping[str, options_pb2.MethodPolicy],
        credentials: Credentials,
        rate_limiter: RateLimiter,
        peers: Peers,
        *,
        recheck_seconds: float = RECHECK_SECONDS,
        fresh_seconds: float = FRESH_SECONDS,
    ) -> None:
        self._policies = policies
        self._credentials = credentials
        self._rate_limiter = rate_limiter
        self._peers = peers
        self._recheck_seconds = recheck_seconds
        self._fresh_seconds = fresh_seconds

    async def intercept_service(self, continuation: Continuation, handler_call_details: Any) -> Handler:
        """Wraps the methods of our services. Health checks and reflection are open to everyone.

        Raises TypeError, which refuses the call, for a method in a form that this cannot guard.
        """
        handler = await continuation(handler_call_details)
        policy = self._policies.get(handler_call_details.method)
        if handler is None or policy is None:
            return handler
        behaviour = awaited_behaviour(handler)
        if behaviour is None:
            raise TypeError(f"{handler_call_details.method} is neither unary nor a stream written with context.write")
        if handler.response_streaming and options_pb2.ACCESS_PUBLIC not in policy.allow:
            behaviour = self._rechecked(behaviour, frozenset(policy.allow))
        return like(handler, self._guarded(behaviour, policy), handler.request_deserializer)

    def _guarded(self, inner: AwaitedCall, policy: options_pb2.MethodPolicy) -> AwaitedCall:
        public = options_pb2.ACCESS_PUBLIC in policy.allow
        allowed, rate_limited = frozenset(policy.allow), policy.rate_limited
        is_act = policy.audited and not rate_limited

        async def call(request: Any, context: Any) -> Any:
            metadata = context.invocation_metadata()
            if public:
                principal: Principal = Anonymous(read_client_address(metadata, self._peers))
            else:
                principal = await self._admit(allowed, metadata)
            if rate_limited:
                await self._count(principal, context)
            if is_act and isinstance(principal, SessionPrincipal):
                await self._count_act(principal)
            principals.current.set(principal)
            return await inner(request, context)

        return call

    def _rechecked(self, inner: AwaitedCall, allowed: frozenset[int]) -> AwaitedCall:
        """Runs `inner` for as long as the caller has the rights that they had when it began.

        Raises Unauthenticated or Forbidden once they have lost the right to call, and Unavailable if their rights have
        changed otherwise: what `inner` decided may be out of date.
        """

        async def call(request: Any, context: Any) -> Any:
            principal = principals.current.get()
            metadata = context.invocation_metadata()

            async def check() -> None:
                if await self._admit(allowed, metadata) != principal:
                    raise Unavailable("What these credentials allow has changed. Call again.")

            checked = _CheckedContext(context, check, self._fresh_seconds)
            streaming = asyncio.ensure_future(inner(request, checked))
            try:
                while True:
                    ended, _ = await asyncio.wait({streaming}, timeout=self._recheck_seconds)
                    if ended:
                        return streaming.result()
                    await check()
            finally:
                streaming.cancel()
                await asyncio.gather(streaming, return_exceptions=True)

        return call

    async def _admit(self, allowed: frozenset[int], metadata: Any) -> Principal:
        principal = await self._credentials.principal(text_of(metadata, "authorization"))
        expected = text_of(metadata, ACCOUNT_KEY)
        if isinstance(principal, SessionPrincipal) and expected not in ("", str(principal.account_id)):
            raise Unauthenticated("This session has moved to another account.")
        if allowed.isdisjoint(_kinds(principal)):
            raise Forbidden(MISMATCH[type(principal)])
        return principal

    async def _count_act(self, principal: SessionPrincipal) -> None:
        verdict = await self._rate_limiter.hit(str(principal.user_id), ACTS_A_MINUTE, kind="acts")
        if not verdict.allowed:
            raise RateLimited(limit=verdict.limit, retry_after_seconds=verdict.reset_seconds)

    async def _count(self, principal: Principal, context: Any) -> None:
        if not isinstance(principal, ApiKeyPrincipal | SessionPrincipal):
            return
        verdict = await self._rate_limiter.hit(str(principal.account_id), principal.rate_limit_per_minute)
        context.set_trailing_metadata(
            (
                ("ratelimit-limit", str(verdict.limit)),
                ("ratelimit-remaining", str(verdict.remaining)),
                ("ratelimit-reset", str(verdict.reset_seconds)),
            )
        )
        if not verdict.allowed:
            raise RateLimited(limit=verdict.limit, retry_after_seconds=verdict.reset_seconds)


class _CheckedContext:
    """A call's context that sends nothing unless `check` has passed within the last `fresh_seconds`."""

    def __init__(self, context: Any, check: Callable[[], Awaitable[None]], fresh_seconds: float) -> None:
        self._context = context
        self._check = check
        self._fresh_seconds = fresh_seconds
        self._checked_at = time.monotonic()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    async def write(self, message: Any) -> None:
        """Raises what `check` raises; nothing is sent then."""
        began = time.monotonic()
        if began - self._checked_at >= self._fresh_seconds:
            await self._check()
            self._checked_at = began
        await self._context.write(message)


def _kinds(principal: Principal) -> set[int]:
    match principal:
        case ApiKeyPrincipal():
            return {options_pb2.ACCESS_API_KEY}
        case DevicePrincipal():
            return {options_pb2.ACCESS_DEVICE}
        case SessionPrincipal(role=Role.OWNER):
            return {options_pb2.ACCESS_OWNER, options_pb2.ACCESS_MEMBER}
        case SessionPrincipal():
            return {options_pb2.ACCESS_MEMBER}
        case Anonymous():
            return set()
