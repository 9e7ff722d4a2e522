"""The application that serves the control API."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.control.json_http import ControlError, answer, on_control_error, on_http_exception
from simulator.control.phone_routes import on_gateway_error, on_phone_error
from simulator.phones.client import GatewayError
from simulator.phones.service import PhoneError


async def healthz(_: Request) -> Response:
    """The process is alive."""
    return answer({"status": "ok"})


def build_app(*groups: list[BaseRoute]) -> Starlette:
    """The application with the routes of all `groups`."""
    return Starlette(
        routes=[Route("/healthz", healthz), *(route for group in groups for route in group)],
        exception_handlers={
            ControlError: on_control_error,
            HTTPException: on_http_exception,
            PhoneError: on_phone_error,
            GatewayError: on_gateway_error,
        },
    )
