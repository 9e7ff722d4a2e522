"""Control of the simulated phones."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.control.json_http import answer, read_limit, read_model, read_object, validate
from simulator.control.phone_json import identity, with_screen
from simulator.phones.client import GatewayError
from simulator.phones.phone import Phone
from simulator.phones.records import PhoneSettings
from simulator.phones.screen import CAPACITY
from simulator.phones.service import PhoneError, PhoneService


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewPhone(_Body):
    """A phone to pair."""

    pairing_code: Annotated[str, Field(min_length=1, max_length=200)]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    os_version: Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){0,2}$")] = "18.2"


class NewStartToken(_Body):
    """What happens to the replaced push-to-start token."""

    old: Literal["dead", "silent"] = "dead"
    """`silent`: APNs still accepts it, but the phone shows nothing."""


class Tap(_Body):
    """The target of a tap: a button by its `action_id`, or the notification."""

    action_id: Annotated[str, Field(max_length=200)] | None = None
    notification_id: Annotated[str, Field(max_length=200)] | None = None
    """The notification's `id` or `notification_id`. Without it the newest matching one."""


class PhoneRoutes:
    """Everything under /phones."""

    def __init__(self, phones: PhoneService) -> None:
        self._phones = phones

    def routes(self) -> list[BaseRoute]:
        """The routes, for the application."""
        return [
            Route("/phones", self.list_phones, methods=["GET"]),
            Route("/phones", self.pair, methods=["POST"]),
            Route("/phones/{id}", self.show, methods=["GET"]),
            Route("/phones/{id}", self.delete, methods=["DELETE"]),
            Route("/phones/{id}/settings", self.change_settings, methods=["POST"]),
            Route("/phones/{id}/rotate-token", self.rotate_token, methods=["POST"]),
            Route("/phones/{id}/rotate-start-token", self.rotate_start_token, methods=["POST"]),
            Route("/phones/{id}/open", self.open, methods=["POST"]),
            Route("/phones/{id}/uninstall", self.uninstall, methods=["POST"]),
            Route("/phones/{id}/tap", self.tap, methods=["POST"]),
        ]

    async def list_phones(self, _: Request) -> Response:
        """All phones, without their screens."""
        return answer({"phones": [identity(phone) for phone in self._phones.all()]})

    async def pair(self, request: Request) -> Response:
        """Pairs a new phone through the gateway, whose errors are passed on."""
        body = await read_model(request, NewPhone)
        return answer(
            with_screen(await self._phones.pair(body.pairing_code, body.name, body.os_version), CAPACITY), 201
        )

    async def show(self, request: Request) -> Response:
        """A phone with its screen, newest last; `limit` picks the newest."""
        limit = read_limit(request, default=CAPACITY, maximum=CAPACITY)
        return answer(with_screen(self._phone(request), limit))

    async def delete(self, request: Request) -> Response:
        """Unpairs a phone through the gateway and forgets it."""
        phone = self._phone(request)
        await self._phones.delete(phone)
        return answer({"deleted": phone.record.id})

    async def change_settings(self, request: Request) -> Response:
        """Changes the settings that are named; the rest stays."""
        change = await read_object(request)
        phone = self._phone(request)
        settings = validate(PhoneSettings, {**phone.record.settings.model_dump(), **change})
        await self._phones.change_settings(phone, settings)
        return answer(identity(phone))

    async def rotate_token(self, request: Request) -> Response:
        """Gives the phone a new push token."""
        phone = self._phone(request)
        await self._phones.rotate_token(phone)
        return answer(identity(phone))

    async def rotate_start_token(self, request: Request) -> Response:
        """Gives the phone a new push-to-start token."""
        body = await read_model(request, NewStartToken)
        phone = self._phone(request)
        await self._phones.rotate_start_token(phone, silently=body.old == "silent")
        return answer(identity(phone))

    async def open(self, request: Request) -> Response:
        """The person opens the app. Answers with the phone and its screen once the app has reported and caught up."""
        phone = self._phone(request)
        await self._phones.open(phone)
        return answer(with_screen(phone, CAPACITY))

    async def uninstall(self, request: Request) -> Response:
        """Removes the app without telling the server."""
        phone = self._phone(request)
        await self._phones.uninstall(phone)
        return answer(identity(phone))

    async def tap(self, request: Request) -> Response:
        """Taps a notification or one of its buttons. Answers what opened, or the server's answer."""
        body = await read_model(request, Tap)
        return answer(await self._phones.tap(self._phone(request), body.action_id, body.notification_id))

    def _phone(self, request: Request) -> Phone:
        return self._phones.get(request.path_params["id"])


async def on_phone_error(_: Request, error: Exception) -> Response:
    """Answers a PhoneError."""
    assert isinstance(error, PhoneError)  # noqa: S101 - registered for this class only
    title = "Not found" if error.status == 404 else "Conflict"
    return answer({"error": title, "message": error.message}, error.status)


async def on_gateway_error(_: Request, error: Exception) -> Response:
    """Passes the gateway's error on."""
    assert isinstance(error, GatewayError)  # noqa: S101 - registered for this class only
    return answer(error.document, error.status)
