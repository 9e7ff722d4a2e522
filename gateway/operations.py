"""One REST operation: makes a call of core of an HTTP request, and an HTTP answer of the result."""

import re
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any
from urllib.parse import parse_qsl

import grpc
from google.protobuf.descriptor import Descriptor
from google.protobuf.message_factory import GetMessageClass
from opentelemetry.trace import SpanKind
from starlette.types import Receive, Scope

from gateway.app import Answer, values_of
from gateway.bodies import IgnoredFields, Ignoring, check_head, read_body
from gateway.load import BodyMemory, Callers, Calls
from gateway.preferences import STRICT_HANDLING, wants_strict_handling
from gateway.problems import Problem, from_remote, invalid
from gateway.routes import Route
from gateway.scope_keys import (
    BODY_KEY,
    HEADERS_KEY,
    IGNORED_KEY,
    LONGEST_WAIT_KEY,
    PATH_FIELDS_KEY,
    REQUEST_ID_KEY,
    SUBJECT_KEY,
)
from service_kit import tracing
from service_kit.json_mapping import (
    REFUSED,
    FieldError,
    JsonSyntaxError,
    UnknownFields,
    decoder_for,
    dump,
    encoder_for,
    parse_object,
)
from service_kit.status import from_rpc_error

PLAIN_ASCII = re.compile(r"[\x20-\x7e]{1,1024}")
"""`Authorization` values that may become gRPC metadata. This server's credentials all match, and are far shorter."""

IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")

MAX_PARAMETERS = 256
"""Most parameters of a query. The description allows lists of `openapi.schemas.MAX_LIST` items in a query."""

RATE_LIMIT_HEADERS = frozenset({"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"})
"""Metadata keys of core's answers that become headers of the same names."""

SUBJECT_FIELDS = ("notification_id", "activity_id")
"""Fields of paths and answers that name what the log of requests leads to."""
SUBJECT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z0-9_-]{32}")
"""What they look like. Anything else in their place may be a secret that was pasted there."""

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


class Operation:
    """Serves one route: decodes the request, calls core once, encodes the answer."""

    def __init__(
        self,
        route: Route,
        channel: grpc.aio.Channel,
        calls: Calls,
        memory: BodyMemory,
        callers: Callers,
        *,
        call_timeout: float,
        body_timeout: float,
        on_ignored: Callable[[str, str, int], None],
        keeps_bodies: bool = False,
    ) -> None:
        """With `keeps_bodies` the request's body is left in its scope."""
        self._route = route
        self._calls = calls
        self._memory = memory
        self._callers = callers
        self._needs_credentials = route.needs_credentials
        # An answer that waits because it is asked to is neither late nor slow.
        self._longest_wait = route.policy.longest_wait_seconds
        self._call_timeout = call_timeout + self._longest_wait
        self._body_timeout = body_timeout
        self._on_ignored = on_ignored
        self._keeps_bodies = keeps_bodies
        self._subject_field = next((name for name in SUBJECT_FIELDS if name in route.path_fields), "")
        self._subject_of = _subject_of(route.rpc.output_type)
        self._sends = route.policy.sends
        self._request_class: Callable[[], Any] = GetMessageClass(route.rpc.input_type)
        self._decoder = decoder_for(route.rpc.input_type)
        self._encoder = encoder_for(route.rpc.output_type)
        self._span_name = f"{route.rpc.containing_service.name}/{route.rpc.name}"
        self._bound_names = self._decoder.names_of(route.path_fields)
        self._call = channel.unary_unary(
            route.rpc_path,
            request_serializer=GetMessageClass(route.rpc.input_type).SerializeToString,
            response_deserializer=GetMessageClass(route.rpc.output_type).FromString,
        )

    async def __call__(self, scope: Scope, receive: Receive) -> Answer:
        """The answer to one request. Raises Problem for a refusal and ClientGone if the client left meanwhile."""
        scope[LONGEST_WAIT_KEY] = self._longest_wait
        if self._subject_field and SUBJECT.fullmatch(named := scope[PATH_FIELDS_KEY][self._subject_field]):
            scope[SUBJECT_KEY] = named
        headers: dict[bytes, bytes] = scope[HEADERS_KEY]
        is_strict = b"prefer" in headers and wants_strict_handling(scope["headers"])
        documented_only = refuses_unknown_fields(headers)
        ignored = IgnoredFields()
        try:
            body = await read_body(receive, self._body_timeout, self._memory) if check_head(headers) else b""
            if self._keeps_bodies and body:
                scope[BODY_KEY] = body
            caller = self._callers.of(scope, headers)
            self._calls.begin(caller)
            try:
                unknown = Ignoring(ignored) if self._sends and not is_strict else REFUSED
                encode = self._encoder.encode_documented if documented_only else self._encoder.encode
                answer = await self._ask(scope, headers, self._request(scope, body, unknown), encode)
            finally:
                self._calls.end(caller)
        except Problem as problem:
            problem.headers.update(self._told(scope, ignored, is_strict=is_strict))
            if documented_only:
                problem.keep_to_contract()
            raise
        if ignored.count or is_strict:
            answer.headers.update(self._told(scope, ignored, is_strict=is_strict))
        return answer

    async def _ask(
        self, scope: Scope, headers: dict[bytes, bytes], request: Any, encode: Callable[[Any], dict[str, Any]]
    ) -> Answer:
        """Core's answer. Also remembers whether core has accepted the credentials."""
        metadata = call_metadata(scope, headers)
        with tracing.child(self._span_name, SpanKind.CLIENT) as span:
            call = self._call(request, timeout=self._call_timeout, metadata=metadata + tracing.metadata())
            try:
                response, failure = await call, None
            except grpc.aio.AioRpcError as error:
                response, failure = None, error
                span.set_attribute("rpc.grpc.status", error.code().name)
        if failure is not None:
            raise self._refusal(failure, headers)
        if self._needs_credentials:
            self._callers.accept(headers)
        trailing = await call.trailing_metadata()
        if self._subject_of is not None:
            scope[SUBJECT_KEY] = self._subject_of(response) or scope.get(SUBJECT_KEY)
        shown = rate_limit_headers(await call.initial_metadata(), trailing)
        if "idempotency-replayed" in (trailing or ()):
            shown["idempotency-replayed"] = "true"
        return Answer(200, dump(encode(response)), shown)

    def _refusal(self, failure: grpc.aio.AioRpcError, headers: dict[bytes, bytes]) -> Problem:
        """The HTTP error for core's. Also remembers what that says about the credentials: core gives reasons only after
        it has accepted them."""
        remote = from_rpc_error(failure)
        if remote.code is grpc.StatusCode.RESOURCE_EXHAUSTED and not remote.reason:
            self._calls.refused_by_core()
        if self._needs_credentials and remote.reason:
            if remote.code is grpc.StatusCode.UNAUTHENTICATED:
                self._callers.forget(headers)
            elif remote.code is not grpc.StatusCode.UNAVAILABLE:
                self._callers.accept(headers)
        problem = from_remote(remote)
        problem.headers.update(rate_limit_headers(failure.initial_metadata(), failure.trailing_metadata()))
        return problem

    def _told(self, scope: Scope, ignored: IgnoredFields, *, is_strict: bool) -> dict[str, str]:
        """Headers that say whether unknown fields were ignored or refused."""
        told = {"preference-applied": STRICT_HANDLING} if is_strict else {}
        if ignored.count:
            self._on_ignored(self._route.method, self._route.path, ignored.count)
            told["ignored-fields"] = scope[IGNORED_KEY] = ignored.header()
        return told

    def _request(self, scope: Scope, body: bytes, unknown: UnknownFields) -> Any:
        request = self._request_class()
        try:
            self._fill(request, scope, body, unknown)
        except FieldError as error:
            raise invalid(str(error), error=error.title, field=error.path) from None
        except JsonSyntaxError as error:
            raise invalid(str(error)) from None
        return request

    def _fill(self, request: Any, scope: Scope, body: bytes, unknown: UnknownFields) -> None:
        decoder = self._decoder
        given = parse_object(body) if body else {}
        if given and not self._route.has_body:
            self._meet_all(given, unknown)
        elif given:
            for key in self._bound_names:
                if given.get(key) is not None:
                    raise FieldError("is given by the path and cannot be in the body too").within(key)
            decoder.fill(request, given, unknown)
        if scope["query_string"]:
            parameters = query_parameters(scope["query_string"])
            for key, _ in parameters:
                if self._route.has_body or key in self._bound_names:
                    raise FieldError("is not a known parameter of the query").within(key)
            decoder.fill_from_texts(request, parameters)
        if self._bound_names:
            decoder.fill_from_texts(request, scope[PATH_FIELDS_KEY].items())

    def _meet_all(self, given: dict[str, Any], unknown: UnknownFields) -> None:
        """Handles the fields of a body that should have none."""
        for key in given:
            try:
                (REFUSED if key in self._bound_names else unknown).meet(key)
            except FieldError as error:
                error.rule = f"{error.rule}: this request takes none in its body"
                raise error.within(key) from None


def _subject_of(answer: Descriptor) -> Callable[[Any], str] | None:
    """How to read the id of the notification or the Live Activity in such an answer; None if it has none."""
    for name in SUBJECT_FIELDS:
        if name in answer.fields_by_name:
            return attrgetter(name)
    sent = answer.fields_by_name.get("sent")
    return attrgetter("sent.notification_id") if sent is not None else None


def call_metadata(scope: Scope, headers: dict[bytes, bytes]) -> tuple[tuple[str, str], ...]:
    """The metadata for core: the request's id, the client's address, and the unchanged credentials.

    Credentials that are given twice or are not plain ASCII cannot be right: they are left out.
    """
    metadata = [(tracing.REQUEST_ID_KEY, scope[REQUEST_ID_KEY])]
    client = scope.get("client")
    if client and PLAIN_ASCII.fullmatch(client[0]):
        metadata.append(("x-client-address", client[0]))
    if b"authorization" in headers:
        values = values_of(scope, b"authorization")
        text = values[0].strip()
        if len(values) == 1 and PLAIN_ASCII.fullmatch(text):
            metadata.append(("authorization", text))
    if b"idempotency-key" in headers:
        metadata.append(("idempotency-key", _idempotency_key(scope)))
    return tuple(metadata)


def _idempotency_key(scope: Scope) -> str:
    """The value of the header. Raises Problem 400 if it is given twice or has other characters."""
    values = values_of(scope, b"idempotency-key")
    if len(values) > 1 or not IDEMPOTENCY_KEY.fullmatch(values[0]):
        raise invalid("Idempotency-Key must be given once and be 1 to 255 printable ASCII characters without spaces")
    return values[0]


def rate_limit_headers(*metadata: Iterable[tuple[str, str | bytes]] | None) -> dict[str, str]:
    """The rate limit's state, from the first metadata that has it. Empty for calls without a limit."""
    return {
        key: value
        for pairs in metadata
        for key, value in pairs or ()
        if key in RATE_LIMIT_HEADERS and isinstance(value, str) and value.isascii() and value.isdigit()
    }


def query_parameters(query: bytes) -> list[tuple[str, str]]:
    """Names and values of a query string. Raises JsonSyntaxError if it is not text or has more than 256."""
    try:
        return parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise JsonSyntaxError(f"The query must be UTF-8 text with {MAX_PARAMETERS} parameters at most") from None
