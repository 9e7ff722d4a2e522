"""Notes the act in progress for the audit log. It runs after the access interceptor, which knows the caller."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

import grpc
import simplejson
from google.protobuf.message import Message
from smith.core.v1 import options_pb2

from core_service.audit import act
from core_service.audit.act import Act
from core_service.common.validation import UUID
from core_service.identity import principal as principals
from core_service.identity.client_address import read_client_address
from service_kit import tracing
from service_kit.interceptors import AwaitedCall, Continuation, Handler, awaited_behaviour, like
from service_kit.json_mapping import given_encoder_for
from service_kit.peers import Peers

MAX_REQUEST = 2000
MAX_TEXT = 200
MAX_ITEMS = 20


class AuditInterceptor(grpc.aio.ServerInterceptor):
    """Wraps the methods whose policy says `audited`."""

    def __init__(self, policies: Mapping[str, options_pb2.MethodPolicy], peers: Peers) -> None:
        self._peers = peers
        self._audited = {path for path, policy in policies.items() if policy.audited}

    async def intercept_service(self, continuation: Continuation, handler_call_details: Any) -> Handler:
        """See the class."""
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        behaviour = handler and awaited_behaviour(handler)
        if behaviour is None or method not in self._audited:
            return handler
        return like(handler, self._announcing(behaviour, method.rpartition("/")[2]), handler.request_deserializer)

    def _announcing(self, inner: AwaitedCall, method: str) -> AwaitedCall:
        async def call(request: Message, context: Any) -> Any:
            metadata = context.invocation_metadata()
            act.current.set(
                Act(
                    principal=principals.current.get(),
                    method=method,
                    request=request_text(request),
                    subject_id=_subject(request),
                    client_address=read_client_address(metadata, self._peers) or None,
                    request_id=tracing.request_id.get(),
                )
            )
            try:
                return await inner(request, context)
            finally:
                act.current.set(None)

        return call


def request_text(request: Any) -> str:
    """Returns the request as JSON, without fields that are marked `debug_redact`. Long texts and lists are cut."""
    given = given_encoder_for(request.DESCRIPTOR).encode(request)
    text: str = simplejson.dumps(_cut(given), ensure_ascii=False)
    return text if len(text) <= MAX_REQUEST else json.dumps({"too_long": len(text)})


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value[:MAX_TEXT].replace("\x00", "")
    if isinstance(value, list):
        return [_cut(item) for item in value[:MAX_ITEMS]]
    return {key: _cut(item) for key, item in value.items()} if isinstance(value, dict) else value


def _subject(request: Message) -> uuid.UUID | None:
    for field, value in request.ListFields():
        if field.name.endswith("_id") and isinstance(value, str) and UUID.fullmatch(value):
            return uuid.UUID(value)
    return None
