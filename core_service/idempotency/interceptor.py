"""Handles `idempotency-key` in a call's metadata. It runs after the access interceptor, which knows the caller."""

import hashlib
from collections.abc import Iterable
from typing import Any

import grpc
from google.api import annotations_pb2
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from core_service.auth.credentials import read_token
from core_service.idempotency.service import IdempotentCall, IdempotentRequests
from core_service.identity import principal as principals
from core_service.identity.principal import ApiKeyPrincipal, DevicePrincipal, Principal, SessionPrincipal
from service_kit.errors import InvalidRequest
from service_kit.interceptors import AwaitedCall, Continuation, Handler, awaited_behaviour, like, text_of

METADATA_KEY = "idempotency-key"
REPLAYED = (("idempotency-replayed", "true"),)


class IdempotencyInterceptor(grpc.aio.ServerInterceptor):
    """Wraps the unary methods of these services, except those that only read."""

    def __init__(self, services: Iterable[ServiceDescriptor], requests: IdempotentRequests) -> None:
        self._requests = requests
        self._answers = {
            f"/{service.full_name}/{method.name}": GetMessageClass(method.output_type)
            for service in services
            for method in service.methods
            if _changes(method)
        }

    async def intercept_service(self, continuation: Continuation, handler_call_details: Any) -> Handler:
        """See the class."""
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        answer_class = self._answers.get(method)
        behaviour = handler and awaited_behaviour(handler)
        if behaviour is None or answer_class is None:
            return handler
        return like(handler, self._heeding(behaviour, method, answer_class), handler.request_deserializer)

    def _heeding(self, inner: AwaitedCall, method: str, answer_class: type[Message]) -> AwaitedCall:
        async def call(request: Message, context: Any) -> Any:
            metadata = context.invocation_metadata()
            if not any(name == METADATA_KEY for name, _ in metadata):
                return await inner(request, context)
            credential = _credential(principals.current.get())
            if credential is None:
                return await inner(request, context)
            key = text_of(metadata, METADATA_KEY)
            if not key:
                raise InvalidRequest("Idempotency-Key must be given once, as text")

            async def work() -> bytes:
                answer: Message = await inner(request, context)
                return answer.SerializeToString()

            # The credential's id and not the header, which may be written differently the second time.
            secret = read_token(text_of(metadata, "authorization"))
            attempt = IdempotentCall(credential, secret, key, _fingerprint(method, request))
            answer, replayed = await self._requests.once(attempt, work)
            if replayed:
                context.set_trailing_metadata((*(context.trailing_metadata() or ()), *REPLAYED))
            return answer_class.FromString(answer)

        return call


def _changes(method: MethodDescriptor) -> bool:
    """Whether the method does more than read, by its REST form."""
    http = method.GetOptions().Extensions[annotations_pb2.http]
    return http.WhichOneof("pattern") not in (None, "get")


def _credential(principal: Principal) -> Any:
    """Returns the id of the caller's credential; None for a caller without one."""
    match principal:
        case ApiKeyPrincipal():
            return principal.api_key_id
        case SessionPrincipal():
            return principal.session_id
        case DevicePrincipal():
            return principal.device_id
        case _:
            return None


def _fingerprint(method: str, request: Message) -> bytes:
    return hashlib.sha256(method.encode() + b"\x00" + request.SerializeToString(deterministic=True)).digest()
