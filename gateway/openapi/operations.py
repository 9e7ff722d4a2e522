"""One operation of the description: a route with its parameters, body, answers and errors."""

from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from smith.core.v1 import options_pb2

from gateway.openapi import errors
from gateway.openapi.examples import REQUESTS, RESPONSES
from gateway.openapi.headers import IDEMPOTENCY_KEY, PREFER, answer_headers
from gateway.openapi.rules import list_rules
from gateway.openapi.schemas import Schemas, describe, parameter_schema
from gateway.openapi.words import paragraphs, spoken, tag_of
from gateway.routes import Route

API_ROOT = "/api"
SCHEMES = {
    options_pb2.ACCESS_API_KEY: "apiKeyAuth",
    options_pb2.ACCESS_DEVICE: "deviceAuth",
    options_pb2.ACCESS_MEMBER: "sessionAuth",
    options_pb2.ACCESS_OWNER: "sessionAuth",
}


def path_of(route: Route) -> str:
    """The route's path below the server's URL. Raises ValueError for a route outside it."""
    if not route.path.startswith(f"{API_ROOT}/"):
        raise ValueError(f"{route.rpc.full_name}: {route.path} is not under {API_ROOT}")
    return route.path.removeprefix(API_ROOT)


def operation(route: Route, schemas: Schemas, failures: errors.ErrorResponses) -> dict[str, Any]:
    """The operation. Raises ValueError if the comment on its RPC cannot be read."""
    rpc = route.rpc
    policy = rpc.GetOptions().Extensions[options_pb2.policy]
    public = options_pb2.ACCESS_PUBLIC in policy.allow
    repeatable = not public and route.method != "GET"
    described: dict[str, Any] = {
        "operationId": rpc.GetOptions().Extensions[options_pb2.operation_id] or rpc.name[0].lower() + rpc.name[1:],
        "tags": [tag_of(rpc.containing_service.name)],
        "summary": spoken(rpc.name),
        "description": _description(route, policy),
        "security": []
        if public
        else [{scheme: []} for scheme in dict.fromkeys(map(SCHEMES.__getitem__, policy.allow))],
    }
    parameters = [_parameter(field, route) for field in rpc.input_type.fields if _is_parameter(field, route)]
    if repeatable:
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    if policy.sends:
        parameters.append({"$ref": "#/components/parameters/Prefer"})
    if parameters:
        described["parameters"] = parameters
    if route.has_body:
        described["requestBody"] = _body(route, schemas, is_open=policy.sends)
    described["responses"] = {
        "200": _answer(
            route, schemas, answer_headers(limited=policy.rate_limited, repeatable=repeatable, sends=policy.sends)
        ),
        **failures.of(_reasons(route, policy), limited=policy.rate_limited, sends=policy.sends),
    }
    return described


def parameters() -> dict[str, Any]:
    """Parameters that operations share."""
    return {"IdempotencyKey": IDEMPOTENCY_KEY, "Prefer": PREFER}


def _description(route: Route, policy: options_pb2.MethodPolicy) -> str:
    text = paragraphs(route.rpc.full_name)
    return f"{text}\n\nFor owners of the account only." if list(policy.allow) == [options_pb2.ACCESS_OWNER] else text


def _is_parameter(field: FieldDescriptor, route: Route) -> bool:
    if field.name in route.path_fields:
        return True
    return not route.has_body and parameter_schema(field) is not None


def _parameter(field: FieldDescriptor, route: Route) -> dict[str, Any]:
    in_path = field.name in route.path_fields
    schema = parameter_schema(field) or {}
    if in_path:
        schema.setdefault("minLength", 1)
    parameter = {"name": field.name, "in": "path" if in_path else "query", "required": in_path, "schema": schema}
    describe(parameter, field.full_name)
    if schema.get("maxItems", 0) < list_rules(field).get("maxItems", 0):
        parameter["description"] = f"{parameter['description']} In a query {schema['maxItems']} at most."
    return parameter


def _body(route: Route, schemas: Schemas, *, is_open: bool) -> dict[str, Any]:
    rpc, bound = route.rpc, frozenset(route.path_fields)
    media: dict[str, Any] = {"schema": schemas.request(rpc.input_type, without=bound, is_open=is_open)}
    if rpc.name in REQUESTS:
        media["examples"] = _examples(REQUESTS[rpc.name])
    return {"required": bool(schemas.required_of(rpc.input_type) - bound), "content": {"application/json": media}}


def _answer(route: Route, schemas: Schemas, headers: dict[str, Any]) -> dict[str, Any]:
    rpc = route.rpc
    # The answers of a stream are pieces of one JSON text, whose members the RPC's comment tells.
    schema = {"type": "object", "properties": {}} if rpc.server_streaming else schemas.response(rpc.output_type)
    media: dict[str, Any] = {"schema": schema}
    if rpc.name in RESPONSES:
        media["examples"] = _examples(RESPONSES[rpc.name])
    return {
        "description": paragraphs(rpc.output_type.full_name) or "Done.",
        "headers": headers,
        "content": {"application/json": media},
    }


def _examples(values: dict[str, Any]) -> dict[str, Any]:
    return {name: {"summary": name.replace("_", " ").capitalize(), "value": value} for name, value in values.items()}


def _reasons(route: Route, policy: options_pb2.MethodPolicy) -> errors.Reasons:
    reasons = errors.Reasons()
    reasons.add("INVALID_REQUEST")
    if options_pb2.ACCESS_PUBLIC not in policy.allow:
        reasons.add("UNAUTHENTICATED")
        reasons.add("FORBIDDEN")
        if route.method != "GET":
            reasons.add("IDEMPOTENCY_KEY_REUSED")
    for reason, note in errors.stated(route.rpc):
        reasons.add(reason, note)
    if route.has_body:
        for reason in ("BODY_TIMEOUT", "BODY_TOO_LARGE", "NOT_JSON"):
            reasons.add(reason)
    by_people = not {options_pb2.ACCESS_MEMBER, options_pb2.ACCESS_OWNER}.isdisjoint(policy.allow)
    if policy.rate_limited or (policy.audited and by_people):
        reasons.add("RATE_LIMITED")
    reasons.add("UNAVAILABLE")
    return reasons
