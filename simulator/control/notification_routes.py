"""Control of the notifications on the simulated phones."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.control.json_http import answer
from simulator.phones.service import PhoneService


class NotificationRoutes:
    """Everything under /phones/{id}/notifications."""

    def __init__(self, phones: PhoneService) -> None:
        self._phones = phones

    def routes(self) -> list[BaseRoute]:
        """The routes, for the application."""
        notifications = "/phones/{id}/notifications"
        return [
            Route(f"{notifications}/{{notification_id}}/dismiss", self.dismiss, methods=["POST"]),
            Route(f"{notifications}/clear", self.clear, methods=["POST"]),
        ]

    async def dismiss(self, request: Request) -> Response:
        """The person takes a notification, named by its `id`, off the screen."""
        phone, notification_id = self._phones.get(request.path_params["id"]), request.path_params["notification_id"]
        self._phones.dismiss_notification(phone, notification_id)
        return answer({"dismissed": notification_id})

    async def clear(self, request: Request) -> Response:
        """The person clears all notifications and the badge."""
        return answer({"cleared": self._phones.clear_notifications(self._phones.get(request.path_params["id"]))})
