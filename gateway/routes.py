"""The REST routes, read from the `google.api.http` annotations of every service in `smith.core.v1`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import smith.core.v1
from google.api import annotations_pb2, http_pb2
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from smith.core.v1 import options_pb2

from service_kit.services import services_of

TEMPLATE_FIELD = re.compile(r"\{([a-z][a-z0-9_]*)(?:=\*)?\}")


@dataclass(frozen=True)
class Route:
    """One HTTP method on one path, and its RPC."""

    method: str
    """GET, PUT, POST, DELETE or PATCH."""
    path: str
    """The path with its fields in braces: `/api/channels/{channel_id}`."""
    path_fields: tuple[str, ...]
    """Request fields that the path binds, in order. All others are in the body, or else in the query."""
    has_body: bool
    """True if the request message is the JSON body; false if its fields are query parameters."""
    rpc: MethodDescriptor

    @property
    def needs_credentials(self) -> bool:
        """Whether core refuses the RPC without credentials."""
        return options_pb2.ACCESS_PUBLIC not in self.policy.allow

    @property
    def policy(self) -> options_pb2.MethodPolicy:
        """What the proto declares for every call."""
        declared: options_pb2.MethodPolicy = self.rpc.GetOptions().Extensions[options_pb2.policy]
        return declared

    @property
    def rpc_path(self) -> str:
        """The RPC's name on the wire: `/smith.core.v1.ChannelService/ListChannels`."""
        return f"/{self.rpc.containing_service.full_name}/{self.rpc.name}"


def routes() -> list[Route]:
    """Every annotated RPC; literal paths come before paths with a field in the same place.

    Raises ValueError for an annotation that this gateway does not support, so that it does not start.
    """
    found: dict[tuple[str, str], Route] = {}
    for service in services_of(smith.core.v1):
        for rpc in service.methods:
            for route in _routes_of(rpc):
                if (other := found.setdefault((route.method, route.path), route)) is not route:
                    raise ValueError(f"{rpc.full_name} and {other.rpc.full_name} share {route.method} {route.path}")
    return sorted(found.values(), key=lambda route: [(part.startswith("{"), part) for part in route.path.split("/")])


def _routes_of(rpc: MethodDescriptor) -> Iterator[Route]:
    options = rpc.GetOptions()
    if not options.HasExtension(annotations_pb2.http):
        return
    rule: http_pb2.HttpRule = options.Extensions[annotations_pb2.http]
    for binding in (rule, *rule.additional_bindings):
        yield _route(rpc, binding)


def _route(rpc: MethodDescriptor, rule: http_pb2.HttpRule) -> Route:
    kind = rule.WhichOneof("pattern")
    if kind is None or kind == "custom" or rule.body not in ("", "*") or rule.response_body:
        raise ValueError(f'{rpc.full_name}: only get, put, post, delete and patch, with body "*" or none')
    if rpc.client_streaming:
        raise ValueError(f"{rpc.full_name}: a stream of requests has no REST form")
    if rpc.server_streaming and [field.type for field in rpc.output_type.fields] != [FieldDescriptor.TYPE_STRING]:
        raise ValueError(f"{rpc.full_name}: a stream of answers has a REST form only if they are pieces of one text")
    template = getattr(rule, kind)
    fields = tuple(TEMPLATE_FIELD.findall(template))
    path = TEMPLATE_FIELD.sub(r"{\1}", template)
    if "*" in path or path.count("{") != len(fields):
        raise ValueError(f"{rpc.full_name}: cannot read the path {template}")
    for name in fields:
        field = rpc.input_type.fields_by_name.get(name)
        if field is None or field.is_repeated or field.message_type is not None:
            raise ValueError(f"{rpc.full_name}: {name} of the path {template} is not a plain field")
    return Route(kind.upper(), path, fields, rule.body == "*", rpc)
