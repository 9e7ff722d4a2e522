"""The OpenAPI 3.1 description of the REST API, made from the same descriptors that serve it."""

from typing import Any

from smith.core.v1 import options_pb2
from smith.core.v1.comments import COMMENTS
from starlette.types import Receive, Scope

from gateway.answers import Answer
from gateway.codec import dump
from gateway.openapi_schemas import Schemas, describe, field_schema
from gateway.routes import Route

API_VERSION = "1.0.0"
SECURITY_SCHEME = "bearer"

ERRORS = {
    400: ("BadRequest", "The request is malformed or breaks a rule; the message names the field and the rule."),
    401: ("Unauthorized", "The credentials are missing, malformed, unknown, revoked or expired."),
    403: ("Forbidden", "The credentials are good, but not for this."),
    404: ("NotFound", "What the request names does not exist, or nobody would receive it."),
    405: ("MethodNotAllowed", "The path takes other methods; `Allow` lists them."),
    408: ("RequestTimeout", "The body did not arrive in time."),
    409: ("Conflict", "A unique name is taken, or the present state does not allow it."),
    413: ("TooLarge", "The body, or the push made from it, is too large."),
    415: ("UnsupportedMediaType", "The body is declared to be something other than JSON."),
    429: (
        "TooManyRequests",
        "Too many requests, attempts or Live Activities. If waiting helps, `Retry-After` says for how many seconds.",
    ),
    503: ("ServiceUnavailable", "The server cannot answer now. The request may be sent again."),
}


class OpenApi:
    """Serves the description, written once."""

    def __init__(self, routes: list[Route]) -> None:
        self._body = dump(document(routes))

    async def __call__(self, scope: Scope, receive: Receive) -> Answer:
        """The description."""
        return Answer(200, self._body)


def document(routes: list[Route]) -> dict[str, Any]:
    """The whole OpenAPI document."""
    schemas = Schemas()
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    services = {route.rpc.containing_service.name: route.rpc.containing_service for route in routes}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ActivitySmith API",
            "version": API_VERSION,
            "description": "Send push notifications and Live Activities to iPhones and manage who receives them. "
            "Every answer carries `X-Request-Id`; every error has the members `error` and `message`. "
            "Field names are accepted in lowerCamelCase too.",
        },
        "servers": [{"url": "/"}],
        "security": [{SECURITY_SCHEME: []}],
        "tags": [
            {"name": _tag(name), "description": COMMENTS.get(service.full_name, "")}
            for name, service in sorted(services.items())
        ],
        "paths": paths,
        "components": {
            "schemas": {**schemas.components, "Error": _error_schema()},
            "responses": {name: _error_response(status, text) for status, (name, text) in ERRORS.items()},
            "securitySchemes": {
                SECURITY_SCHEME: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key (`ask_...`), a session (`ses_...`) or a device secret (`dev_...`).",
                }
            },
        },
    }


IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A key of the caller's choice for this request. Repeated under the same key within 24 hours, the "
    "request is answered as it was and not done again; another request under it is refused with 409.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


def _operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    rpc = route.rpc
    text = COMMENTS.get(rpc.full_name, "")
    policy = rpc.GetOptions().Extensions[options_pb2.policy]
    operation: dict[str, Any] = {
        "operationId": rpc.name[0].lower() + rpc.name[1:],
        "tags": [_tag(rpc.containing_service.name)],
        "summary": " ".join(text.split()).split(". ")[0].rstrip("."),
        "description": text,
    }
    public = options_pb2.ACCESS_PUBLIC in policy.allow
    if public:
        operation["security"] = []
    parameters = _parameters(route)
    if not public and route.method in ("POST", "PUT"):
        parameters.append(IDEMPOTENCY_KEY)
    if parameters:
        operation["parameters"] = parameters
    if route.has_body:
        schema = schemas.request(rpc.input_type, without=frozenset(route.path_fields))
        operation["requestBody"] = {
            "required": bool(schemas.required_of(rpc.input_type) - set(route.path_fields)),
            "content": {"application/json": {"schema": schema}},
        }
    answer: dict[str, Any] = {
        "description": COMMENTS.get(rpc.output_type.full_name, "Done."),
        "headers": _answer_headers(limited=policy.rate_limited),
        "content": {"application/json": {"schema": schemas.response(rpc.output_type)}},
    }
    errors = {str(status): {"$ref": f"#/components/responses/{name}"} for status, (name, _) in ERRORS.items()}
    operation["responses"] = {"200": answer, **errors}
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    parameters = []
    for field in route.rpc.input_type.fields:
        in_path = field.name in route.path_fields
        if not in_path and (route.has_body or field.message_type is not None):
            continue
        schema = field_schema(field)
        if in_path:
            schema["minLength"] = 1
        parameter = {"name": field.name, "in": "path" if in_path else "query", "required": in_path, "schema": schema}
        parameters.append(describe(parameter, field.full_name))
    return parameters


def _tag(service: str) -> str:
    return service.removesuffix("Service")


def _answer_headers(*, limited: bool) -> dict[str, Any]:
    names = {"X-Request-Id": "Names this request in logs."}
    if limited:
        names |= {
            "RateLimit-Limit": "Requests that the account may make in a minute.",
            "RateLimit-Remaining": "Requests that it may still make now.",
            "RateLimit-Reset": "Seconds until more are allowed.",
        }
    return {
        name: {"description": text, "schema": {"type": "string" if name == "X-Request-Id" else "integer"}}
        for name, text in names.items()
    }


def _error_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "What went wrong. Some errors carry facts for programs beside the two members.",
        "required": ["error", "message"],
        "properties": {
            "error": {"type": "string", "description": "What kind of error it is."},
            "message": {"type": "string", "description": "What is wrong, in a sentence that names the field."},
        },
        "additionalProperties": True,
    }


def _error_response(status: int, text: str) -> dict[str, Any]:
    headers: dict[str, Any] = _answer_headers(limited=False)
    if status in (429, 503):
        headers["Retry-After"] = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
    return {
        "description": text,
        "headers": headers,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
