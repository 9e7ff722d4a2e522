"""Enforces each method's policy (`smith.core.v1.policy` in the protos) before the method runs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from smith.core.v1 import options_pb2

from core_service.auth import principal as principals
from core_service.auth.credentials import Credentials
from core_service.auth.errors import Forbidden, RateLimited
from core_service.auth.principal import (
    Anonymous,
    ApiKeyPrincipal,
    DevicePrincipal,
    Principal,
    SessionPrincipal,
)
from core_service.auth.rate_limit import RateLimiter
from core_service.teams.models import Role
from service_kit.interceptors import Continuation, Handler, UnaryCall

MISMATCH = {
    ApiKeyPrincipal: "An API key cannot do this.",
    SessionPrincipal: "Only an owner of the account can do this.",
    DevicePrincipal: "A device cannot do this.",
}


def read_policies(services: Iterable[ServiceDescriptor]) -> dict[str, options_pb2.MethodPolicy]:
    """The policy of every method by its path.

    Raises ValueError if a method declares none: nothing is open by oversight.
    """
    policies = {}
    for service in services:
        for method in service.methods:
            policy = method.GetOptions().Extensions[options_pb2.policy]
            if not policy.allow or options_pb2.ACCESS_UNSPECIFIED in policy.allow:
                raise ValueError(f"{method.full_name} declares no policy")
            policies[f"/{service.full_name}/{method.name}"] = policy
    return policies


def read_metadata(pairs: Iterable[tuple[str, str | bytes]]) -> dict[str, str]:
    """The values of text, without keys that are given twice: which one counts must not be a matter of order."""
    texts = [(key, value) for key, value in pairs if isinstance(value, str)]
    times = Counter(key for key, _ in texts)
    return {key: value for key, value in texts if times[key] == 1}


class AccessInterceptor(grpc.aio.ServerInterceptor):
    """Finds out who calls, refuses whom the policy does not allow, and counts rate-limited requests."""

    def __init__(
        self,
        policies: Mapping[str, options_pb2.MethodPolicy],
        credentials: Credentials,
        rate_limiter: RateLimiter,
    ) -> None:
        self._policies = policies
        self._credentials = credentials
        self._rate_limiter = rate_limiter

    async def intercept_service(self, continuation: Continuation, handler_call_details: Any) -> Handler:
        """Wraps the methods of our services; health and reflection are for everybody."""
        handler = await continuation(handler_call_details)
        policy = self._policies.get(handler_call_details.method)
        if handler is None or policy is None:
            return handler
        metadata = read_metadata(handler_call_details.invocation_metadata)
        return grpc.unary_unary_rpc_method_handler(
            self._guarded(handler.unary_unary, policy, metadata),
            handler.request_deserializer,
            handler.response_serializer,
        )

    def _guarded(self, inner: UnaryCall, policy: options_pb2.MethodPolicy, metadata: Mapping[str, str]) -> UnaryCall:
        async def call(request: Any, context: Any) -> Any:
            principal = await self._admit(policy, metadata)
            if policy.rate_limited:
                await self._count(principal, context)
            principals.current.set(principal)
            return await inner(request, context)

        return call

    async def _admit(self, policy: options_pb2.MethodPolicy, metadata: Mapping[str, str]) -> Principal:
        if options_pb2.ACCESS_PUBLIC in policy.allow:
            return Anonymous(metadata.get("x-client-address", ""))
        principal = await self._credentials.principal(metadata.get("authorization", ""))
        if not _kinds(principal) & set(policy.allow):
            raise Forbidden(MISMATCH[type(principal)])
        return principal

    async def _count(self, principal: Principal, context: Any) -> None:
        if not isinstance(principal, ApiKeyPrincipal):
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
