"""JSON over HTTP: reading requests safely, answering, and answering errors."""

import json
from typing import Any, TypeVar

import simplejson
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

MAX_BODY = 256 * 1024

M = TypeVar("M", bound=BaseModel)


class ControlError(Exception):
    """A request that cannot be carried out, with its HTTP status and a sentence that says why."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message


def invalid(message: str) -> ControlError:
    """The error for a request that breaks a rule."""
    return ControlError(400, "Invalid request", message)


def answer(document: Any, status: int = 200) -> Response:
    """`document` as JSON. Decimals keep all their digits; lone surrogates in strings are escaped."""
    text = simplejson.dumps(document, separators=(",", ":"), use_decimal=True, ensure_ascii=True, allow_nan=False)
    return Response(text, status, media_type="application/json")


async def read_body(request: Request) -> bytes:
    """The whole body. Raises ControlError: 413 as soon as it is longer than 256 kB, 400 if the client has left before
    its end."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                raise ControlError(413, "Body too large", f"The body must be at most {MAX_BODY} bytes.")
    except ClientDisconnect:
        raise invalid("The body did not arrive.") from None
    return bytes(body)


async def read_object(request: Request) -> dict[str, Any]:
    """The body, which must be a JSON object; an empty body counts as an empty object. Raises ControlError."""
    try:
        document = json.loads((await read_body(request)).decode() or "{}")
    except (ValueError, RecursionError):
        raise invalid("The body must be valid JSON in UTF-8.") from None
    if not isinstance(document, dict):
        raise invalid("The body must be a JSON object.")
    return document


async def read_model(request: Request, model: type[M]) -> M:
    """The body as `model`. Raises ControlError naming the first field that breaks a rule."""
    return validate(model, await read_object(request))


def validate(model: type[M], document: dict[str, Any]) -> M:
    """`document` as `model`. Raises ControlError naming the first field that breaks a rule."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise invalid(describe(error)) from None


def describe(error: ValidationError) -> str:
    """The first mistake, with the path of its field."""
    mistake = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = ".".join(str(part) for part in mistake["loc"])
    return f"{path}: {mistake['msg']}" if path else mistake["msg"]


def read_limit(request: Request, *, default: int, maximum: int) -> int:
    """The query parameter `limit`. Raises ControlError unless it is a whole number from 1 to `maximum`."""
    text = request.query_params.get("limit")
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= maximum):
        raise invalid(f"limit must be a whole number from 1 to {maximum}.")
    return int(text)


async def on_control_error(_: Request, error: Exception) -> Response:
    """Answers a ControlError."""
    assert isinstance(error, ControlError)  # noqa: S101 - registered for this class only
    return answer_to(error)


def answer_to(error: ControlError) -> Response:
    """The response for a ControlError."""
    return answer({"error": error.error, "message": error.message}, error.status)


async def on_http_exception(_: Request, error: Exception) -> Response:
    """Answers Starlette's own errors: no such path, wrong method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    response = answer({"error": error.detail, "message": f"{error.detail}."}, error.status_code)
    response.headers.update(error.headers or {})
    return response
