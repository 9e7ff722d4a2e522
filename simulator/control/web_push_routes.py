"""Control of the simulated push service: faults, and the requests it saw."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.control.json_http import answer, invalid, read_limit, read_model
from simulator.web_push.agents import Agent, Agents
from simulator.web_push.faults import FaultChange
from simulator.web_push.service import MAX_LOGGED, WebPushService


class WebPushControlRoutes:
    """Everything under /web-push."""

    def __init__(self, service: WebPushService, agents: Agents) -> None:
        self._service = service
        self._agents = agents

    def routes(self) -> list[BaseRoute]:
        """The routes, for the application."""
        return [
            Route("/web-push", self.show, methods=["GET"]),
            Route("/web-push/faults", self.show_faults, methods=["GET"]),
            Route("/web-push/faults", self.add_faults, methods=["POST"]),
            Route("/web-push/faults", self.remove_faults, methods=["DELETE"]),
            Route("/web-push/requests", self.show_requests, methods=["GET"]),
            Route("/web-push/requests", self.clear_requests, methods=["DELETE"]),
            Route("/web-push/real-browsers", self.show_real, methods=["GET"]),
            Route("/web-push/real-browsers", self.forget_real, methods=["DELETE"]),
        ]

    async def show_real(self, _: Request) -> Response:
        """The real browsers that use this push service, and what they said of the messages they got."""
        return answer({"browsers": [_agent(agent) for agent in self._agents.all()]})

    async def forget_real(self, _: Request) -> Response:
        """The push service loses all that it knows of real browsers, which then have to subscribe again."""
        await self._agents.forget()
        return answer({"browsers": []})

    async def show(self, _: Request) -> Response:
        """The origin of each kind's push service."""
        return answer({"origins": self._service.origins})

    async def show_faults(self, _: Request) -> Response:
        """The faults in force."""
        return self._faults()

    async def add_faults(self, request: Request) -> Response:
        """Adds faults to those in force. The first that concerns a request is its fault."""
        change = await read_model(request, FaultChange)
        try:
            self._service.faults.add(change)
        except ValueError as error:
            raise invalid(f"faults: {error}.") from None
        return self._faults()

    async def remove_faults(self, _: Request) -> Response:
        """Removes all faults."""
        self._service.faults.reset()
        return self._faults()

    async def show_requests(self, request: Request) -> Response:
        """The last requests, newest first; `subscription`, the last part of an endpoint, picks those for one."""
        limit = read_limit(request, default=100, maximum=MAX_LOGGED)
        return answer({"requests": self._service.requests(limit, request.query_params.get("subscription"))})

    async def clear_requests(self, _: Request) -> Response:
        """Forgets the requests seen so far."""
        self._service.clear_requests()
        return answer({"requests": []})

    def _faults(self) -> Response:
        return answer({"faults": [fault.model_dump(mode="json") for fault in self._service.faults.all()]})


def _agent(agent: Agent) -> dict[str, Any]:
    record = agent.record
    return {
        "id": record.uaid,
        "connected": agent.is_connected,
        "endpoints": [one.endpoint for one in record.channels.values()],
        "held": sum(len(one.held) for one in record.channels.values()),
        "acknowledged": agent.codes,
    }
