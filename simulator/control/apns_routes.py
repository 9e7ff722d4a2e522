"""Control of the simulated APNs: faults, counters, and the requests it saw."""

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.apns.faults import FaultChange
from simulator.apns.request_log import CAPACITY
from simulator.apns.server import ApnsServer
from simulator.apns.service import ApnsService
from simulator.control.json_http import answer, describe, invalid, read_limit, read_model


class ApnsRoutes:
    """Everything under /apns."""

    def __init__(self, service: ApnsService, server: ApnsServer) -> None:
        self._service = service
        self._server = server

    def routes(self) -> list[BaseRoute]:
        """The routes, for the application."""
        return [
            Route("/apns/faults", self.show_faults, methods=["GET"]),
            Route("/apns/faults", self.change_faults, methods=["POST"]),
            Route("/apns/faults", self.reset_faults, methods=["DELETE"]),
            Route("/apns/stats", self.show_stats, methods=["GET"]),
            Route("/apns/stats", self.reset_stats, methods=["DELETE"]),
            Route("/apns/requests", self.show_requests, methods=["GET"]),
            Route("/apns/requests", self.clear_requests, methods=["DELETE"]),
        ]

    async def show_faults(self, _: Request) -> Response:
        """The settings in force."""
        return self._settings()

    async def change_faults(self, request: Request) -> Response:
        """Merges faults into those in force; `connections` acts at once on all open connections."""
        change = await read_model(request, FaultChange)
        try:
            self._service.faults.change(change)
        except ValidationError as error:
            raise invalid(f"settings.{describe(error)}") from None
        except ValueError as error:
            raise invalid(str(error)) from None
        await self._server.apply_settings()
        if change.connections is not None:
            self._server.act(change.connections)
        return self._settings()

    async def reset_faults(self, _: Request) -> Response:
        """Removes all faults. Connections that are open keep the effects."""
        self._service.faults.reset()
        await self._server.apply_settings()
        return self._settings()

    async def show_stats(self, _: Request) -> Response:
        """The counters."""
        return answer(self._service.stats.as_dict())

    async def reset_stats(self, _: Request) -> Response:
        """Sets the counters to 0."""
        self._service.stats.reset()
        return answer(self._service.stats.as_dict())

    async def show_requests(self, request: Request) -> Response:
        """The last requests, newest first; `token` picks those for one token."""
        limit = read_limit(request, default=100, maximum=CAPACITY)
        return answer({"requests": self._service.log.newest(limit, request.query_params.get("token"))})

    async def clear_requests(self, _: Request) -> Response:
        """Forgets the requests seen so far."""
        self._service.log.clear()
        return answer({"requests": []})

    def _settings(self) -> Response:
        return answer({"settings": self._service.faults.settings.model_dump()})
