"""Checks requests against the rules of their fields, directly before the method."""

import re
from collections.abc import Iterable
from typing import Any

import grpc
from google.api import annotations_pb2
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from core_service.field_rules.check import Check, checker_of, enforce
from service_kit.interceptors import AwaitedCall, Continuation, Handler, awaited_behaviour, like

PATH_FIELD = re.compile(r"\{(\w+)")


class FieldRulesInterceptor(grpc.aio.ServerInterceptor):
    """Refuses requests that break a declared rule, with INVALID_REQUEST and the path of the field.

    A field in the path of a REST call names an object. It is left to the services, which answer NOT_FOUND to an id that
    cannot exist.
    """

    def __init__(self, services: Iterable[ServiceDescriptor]) -> None:
        """Compiles the rules of every method.

        Raises TypeError for a rule that has no sentence.
        """
        self._checkers: dict[str, Check] = {}
        self._wrapped: dict[str, Handler] = {}
        for service in services:
            for method in service.methods:
                if (checker := checker_of(method.input_type, _path_fields(method))) is not None:
                    self._checkers[f"/{service.full_name}/{method.name}"] = checker

    async def intercept_service(self, continuation: Continuation, handler_call_details: Any) -> Handler:
        """See the class."""
        method = handler_call_details.method
        wrapped = self._wrapped.get(method)
        if wrapped is not None:
            return wrapped
        handler = await continuation(handler_call_details)
        behaviour = handler and awaited_behaviour(handler)
        if behaviour is None or method not in self._checkers:
            return handler
        call = _checking(behaviour, self._checkers[method])
        wrapped = self._wrapped[method] = like(handler, call, handler.request_deserializer)
        return wrapped


def _checking(inner: AwaitedCall, checker: Check) -> AwaitedCall:
    async def call(request: Any, context: Any) -> Any:
        enforce(checker, request)
        return await inner(request, context)

    return call


def _path_fields(method: MethodDescriptor) -> frozenset[str]:
    rule = method.GetOptions().Extensions[annotations_pb2.http]
    path = getattr(rule, rule.WhichOneof("pattern") or "get")
    return frozenset(PATH_FIELD.findall(path))
