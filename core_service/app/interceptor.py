"""What stands before every method: who calls and whether they may, the `Idempotency-Key`, the audit log, and the rules
of fields. Each method declares what it needs in the protos (`smith.core.v1.options`)."""

import hashlib
import re
from collections.abc import Iterable
from typing import Any

import grpc
from google.api import annotations_pb2
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from smith.core.v1 import options_pb2

from core_service.audit import act
from core_service.auth.credentials import Credentials, read_token
from core_service.auth.rate_limit import RateLimiter, RateLimitResult
from core_service.auth.recheck import FRESH_SECONDS, RECHECK_SECONDS, run_rechecked
from core_service.field_rules.check import checker_of, enforce
from core_service.field_rules.rules import Check
from core_service.idempotency.service import IdempotentCall, IdempotentRequests
from core_service.identity import principal as principals
from core_service.identity.errors import Forbidden, RateLimited, SecondFactorRequired, Unauthenticated
from core_service.identity.models import Role
from core_service.identity.principal import Anonymous, ApiKeyPrincipal, DevicePrincipal, Principal, SessionPrincipal
from service_kit import tracing
from service_kit.addresses import read_address
from service_kit.errors import InvalidRequest, Unavailable
from service_kit.interceptors import AwaitedCall, Continuation, Handler, awaited_behaviour, like, text_of
from service_kit.peers import Peers

ACCOUNT_KEY = "x-account-id"
"""Metadata with the account for which the admin showed a page. If the person has switched to another account since, the
call is refused, so that it does not change the wrong account."""
IDEMPOTENCY_KEY = "idempotency-key"
REPLAYED = (("idempotency-replayed", "true"),)
PATH_FIELD = re.compile(r"\{(\w+)")

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
    for path, method in _methods(services):
        policy = method.GetOptions().Extensions[options_pb2.policy]
        if not policy.allow or options_pb2.ACCESS_UNSPECIFIED in policy.allow:
            raise ValueError(f"{method.full_name} declares no policy")
        policies[path] = policy
    return policies


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Wraps the methods of our services. Health checks and reflection are open to everyone.

    The caller of a streaming method is looked up again every `recheck_seconds`, and before a message is sent if the
    last look-up is older than `fresh_seconds`.
    """

    def __init__(
        self,
        services: Iterable[ServiceDescriptor],
        credentials: Credentials,
        rate_limiter: RateLimiter,
        idempotent: IdempotentRequests,
        peers: Peers,
        *,
        administration_per_minute: int,
        recheck_seconds: float = RECHECK_SECONDS,
        fresh_seconds: float = FRESH_SECONDS,
    ) -> None:
        """Compiles the rules of every method.

        Raises ValueError for a method without a policy, and TypeError for a rule that has no sentence.
        """
        self._methods = dict(_methods(services))
        self._policies = read_policies(services)
        self._checkers = {
            path: checker_of(method.input_type, _path_fields(method)) for path, method in self._methods.items()
        }
        self._credentials = credentials
        self._rate_limiter = rate_limiter
        self._idempotent = idempotent
        self._peers = peers
        self._administration_per_minute = administration_per_minute
        self._recheck_seconds = recheck_seconds
        self._fresh_seconds = fresh_seconds

    async def intercept_service(self, continuation: Continuation, handler_call_details: Any) -> Handler:
        """Puts the steps around the method, the last one first.

        Raises TypeError, which refuses the call, for a method in a form that this cannot guard.
        """
        handler = await continuation(handler_call_details)
        path = handler_call_details.method
        policy = self._policies.get(path)
        if handler is None or policy is None:
            return handler
        call = awaited_behaviour(handler)
        if call is None:
            raise TypeError(f"{path} is neither unary nor a stream written with context.write")
        if (checker := self._checkers[path]) is not None:
            call = _checked(call, checker)
        if policy.audited:
            call = self._audited(call, self._methods[path].name)
        if _changes(self._methods[path]):
            call = self._answered_once(call, path)
        if handler.response_streaming and options_pb2.ACCESS_PUBLIC not in policy.allow:
            call = self._rechecked(call, policy)
        return like(handler, self._admitted(call, policy), handler.request_deserializer)

    def _admitted(self, inner: AwaitedCall, policy: options_pb2.MethodPolicy) -> AwaitedCall:
        """Finds out who calls, refuses callers that the policy does not allow, and counts the call."""
        public = options_pb2.ACCESS_PUBLIC in policy.allow
        rate_limited = policy.rate_limited
        is_act = policy.audited and not rate_limited

        async def call(request: Any, context: Any) -> Any:
            metadata = context.invocation_metadata()
            if public:
                principal: Principal = Anonymous(self._client_address(metadata))
            else:
                principal = await self._admit(policy, metadata)
            if rate_limited and isinstance(principal, ApiKeyPrincipal | SessionPrincipal):
                result = await self._rate_limiter.hit(str(principal.account_id), principal.rate_limit_per_minute)
                context.set_trailing_metadata(
                    (
                        ("ratelimit-limit", str(result.limit)),
                        ("ratelimit-remaining", str(result.remaining)),
                        ("ratelimit-reset", str(result.reset_seconds)),
                    )
                )
                _refuse_beyond(result)
            elif is_act and isinstance(principal, SessionPrincipal):
                limit = self._administration_per_minute
                _refuse_beyond(await self._rate_limiter.hit(str(principal.user_id), limit, kind="acts"))
            principals.current.set(principal)
            return await inner(request, context)

        return call

    async def _admit(self, policy: options_pb2.MethodPolicy, metadata: Any) -> Principal:
        principal = await self._credentials.principal(text_of(metadata, "authorization"))
        expected = text_of(metadata, ACCOUNT_KEY)
        if isinstance(principal, SessionPrincipal) and expected not in ("", str(principal.account_id)):
            raise Unauthenticated("This session has moved to another account.")
        if _kinds(principal).isdisjoint(policy.allow):
            raise Forbidden(MISMATCH[type(principal)])
        if (
            isinstance(principal, SessionPrincipal)
            and principal.lacks_second_factor
            and not policy.without_second_factor
        ):
            raise SecondFactorRequired
        return principal

    def _rechecked(self, inner: AwaitedCall, policy: options_pb2.MethodPolicy) -> AwaitedCall:
        """Runs `inner` for as long as the caller has the rights that they had when it began.

        Raises Unauthenticated or Forbidden once they have lost the right to call, and Unavailable if their rights have
        changed otherwise: what `inner` decided may be out of date.
        """

        async def call(request: Any, context: Any) -> Any:
            principal, metadata = principals.current.get(), context.invocation_metadata()

            async def check() -> None:
                if await self._admit(policy, metadata) != principal:
                    raise Unavailable("What these credentials allow has changed. Call again.")

            return await run_rechecked(
                inner, request, context, check, every=self._recheck_seconds, fresh=self._fresh_seconds
            )

        return call

    def _answered_once(self, inner: AwaitedCall, path: str) -> AwaitedCall:
        """Carries out requests with the same `Idempotency-Key` once. A caller without credentials has no keys."""
        answer_class = GetMessageClass(self._methods[path].output_type)

        async def call(request: Message, context: Any) -> Any:
            metadata = context.invocation_metadata()
            if not any(name == IDEMPOTENCY_KEY for name, _ in metadata):
                return await inner(request, context)
            credential_id = principals.credential_id()
            if credential_id is None:
                return await inner(request, context)
            key = text_of(metadata, IDEMPOTENCY_KEY)
            if not key:
                raise InvalidRequest("Idempotency-Key must be given once, as text")

            async def work() -> bytes:
                answer: Message = await inner(request, context)
                return answer.SerializeToString()

            # The credential's id and not the header, which may be written differently the second time.
            secret = read_token(text_of(metadata, "authorization"))
            attempt = IdempotentCall(credential_id, secret, key, _fingerprint(path, request))
            answer, replayed = await self._idempotent.once(attempt, work)
            if replayed:
                context.set_trailing_metadata((*(context.trailing_metadata() or ()), *REPLAYED))
            return answer_class.FromString(answer)

        return call

    def _audited(self, inner: AwaitedCall, method: str) -> AwaitedCall:
        """Notes the act for the audit log, whose entry is written in the transaction of the act."""

        async def call(request: Message, context: Any) -> Any:
            address = self._client_address(context.invocation_metadata())
            with act.in_progress(principals.current.get(), method, request, address, tracing.request_id.get()):
                return await inner(request, context)

        return call

    def _client_address(self, metadata: Any) -> str:
        """Returns the IP address that a call came from; empty if unknown. Wrong guesses are counted by it and people
        are shown it, so only the server's own processes are believed."""
        return read_address(text_of(metadata, "x-client-address")) if self._peers.know(metadata) else ""


def _checked(inner: AwaitedCall, checker: Check) -> AwaitedCall:
    """Refuses requests that break a declared rule."""

    async def call(request: Any, context: Any) -> Any:
        enforce(checker, request)
        return await inner(request, context)

    return call


def _methods(services: Iterable[ServiceDescriptor]) -> Iterable[tuple[str, MethodDescriptor]]:
    return ((f"/{one.full_name}/{method.name}", method) for one in services for method in one.methods)


def _changes(method: MethodDescriptor) -> bool:
    """Whether the method does more than read, by its REST form."""
    http = method.GetOptions().Extensions[annotations_pb2.http]
    return http.WhichOneof("pattern") not in (None, "get")


def _path_fields(method: MethodDescriptor) -> frozenset[str]:
    """The fields in the path of the REST call, which name an object. They are left to the services, which answer
    NOT_FOUND to an id that cannot exist."""
    http = method.GetOptions().Extensions[annotations_pb2.http]
    return frozenset(PATH_FIELD.findall(getattr(http, http.WhichOneof("pattern") or "get")))


def _fingerprint(path: str, request: Message) -> bytes:
    return hashlib.sha256(path.encode() + b"\x00" + request.SerializeToString(deterministic=True)).digest()


def _refuse_beyond(result: RateLimitResult) -> None:
    if not result.allowed:
        raise RateLimited(limit=result.limit, retry_after_seconds=result.reset_seconds)


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
