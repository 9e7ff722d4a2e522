"""Builds the OpenAPI document."""

from typing import Any

from gateway.openapi import errors, operations
from gateway.openapi.headers import HEADERS
from gateway.openapi.schemas import Schemas
from gateway.openapi.words import paragraphs, spoken, tag_of
from gateway.routes import Route

API_VERSION = "1.0.0"
FIRST_TAGS = ("PushNotifications", "LiveActivities")
"""Tags that come first; the others follow by name."""

DESCRIPTION = """\
Send push notifications and Live Activities to the iPhones of a team, and manage who receives them.

- Every request but those that sign in, pair or accept an invite carries `Authorization: Bearer …`.
- Every answer carries `X-Request-Id`. Every error has the members `error` and `message`. A path answers methods that it
  does not take with 405 and `Allow`.
- Bodies are JSON objects in UTF-8, of 262144 bytes at most. Field names are taken in lowerCamelCase, too. Text must not
  hold the character U+0000. A number that no double can hold is refused.
- A field that is `null` counts as left out. In `target` and `channels`, which say who is reached, and in lists, null is
  refused. In free objects such as `payload` nulls stay. A body `null` counts as no body.
- An error that is about a field of the request has its path in `field`.
- Requests that send (those that take the header `Prefer`) ignore unknown fields, and name them in `Ignored-Fields`: an
  alert should not be lost because of a decoration. With `Prefer: handling=strict` they refuse unknown fields. Fields
  that decide who is reached are never ignored: an unknown field in `target`, and one whose name looks like `target` or
  `channels`, are refused. All other requests refuse unknown fields. Unknown parameters of a query are always refused.
- Requests that send count against the account's limit per minute, whose state is in `RateLimit-*`.
- Any request that changes something may carry an `Idempotency-Key`: repeated under the same key, it is done once.
"""


def document(routes: list[Route], public_path: str = "") -> dict[str, Any]:
    """The OpenAPI document of these routes, which a proxy shows under `public_path`.

    Raises ValueError or KeyError if the protos say something that OpenAPI cannot express.
    """
    schemas, failures = Schemas(), errors.ErrorResponses()
    paths: dict[str, dict[str, Any]] = {}
    for route in sorted(routes, key=_place):
        path = paths.setdefault(operations.path_of(route), {})
        path[route.method.lower()] = operations.operation(route, schemas, failures)
    return {
        "openapi": "3.1.0",
        "info": {"title": "ActivitySmith API", "version": API_VERSION, "description": DESCRIPTION},
        "servers": [{"url": public_path + operations.API_ROOT, "description": "This server"}],
        "security": [{"apiKeyAuth": []}],
        "tags": _tags(routes),
        "paths": paths,
        "components": {
            "schemas": {**schemas.components, **errors.schemas()},
            "responses": failures.components,
            "headers": HEADERS,
            "parameters": operations.parameters(),
            "securitySchemes": {
                "apiKeyAuth": _scheme("API Key", "An API key (`ask_…`) of a backend."),
                "sessionAuth": _scheme("Session", "The session (`ses_…`) of a person who has signed in."),
                "deviceAuth": _scheme("Device", "The secret (`dev_…`) of a paired phone."),
            },
        },
    }


def _place(route: Route) -> tuple[int, str, int]:
    """The sort key of an operation: `FIRST` tags first, then by tag, then in the order of the protos."""
    tag = tag_of(route.rpc.containing_service.name)
    return (FIRST_TAGS.index(tag) if tag in FIRST_TAGS else len(FIRST_TAGS), tag, route.rpc.index)


def _scheme(bearer_format: str, description: str) -> dict[str, str]:
    return {"type": "http", "scheme": "bearer", "bearerFormat": bearer_format, "description": description}


def _tags(routes: list[Route]) -> list[dict[str, str]]:
    services = {tag_of(route.rpc.containing_service.name): route.rpc.containing_service for route in routes}
    names = [*FIRST_TAGS, *sorted(services.keys() - FIRST_TAGS)]
    return [
        {"name": name, "x-displayName": spoken(name), "description": paragraphs(services[name].full_name)}
        for name in names
    ]
