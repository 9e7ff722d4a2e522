"""Control of the Live Activities on the simulated phones."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.control.json_http import answer
from simulator.control.phone_json import card_json
from simulator.phones.phone import Phone
from simulator.phones.service import PhoneService


class LiveActivityRoutes:
    """Everything under /phones/{id}/live-activities."""

    def __init__(self, phones: PhoneService) -> None:
        self._phones = phones

    def routes(self) -> list[BaseRoute]:
        """The routes, for the application."""
        card = "/phones/{id}/live-activities/{activity_id}"
        return [
            Route(f"{card}/dismiss", self.dismiss, methods=["POST"]),
            Route(f"{card}/rotate-token", self.rotate_token, methods=["POST"]),
        ]

    async def dismiss(self, request: Request) -> Response:
        """The person takes the Live Activity off the screen."""
        phone, activity_id = self._named(request)
        self._phones.dismiss(phone, activity_id)
        return answer({"dismissed": activity_id})

    async def rotate_token(self, request: Request) -> Response:
        """Gives the Live Activity a new update token."""
        phone, activity_id = self._named(request)
        return answer(card_json(self._phones.rotate_update_token(phone, activity_id), phone.now()))

    def _named(self, request: Request) -> tuple[Phone, str]:
        return self._phones.get(request.path_params["id"]), request.path_params["activity_id"]
