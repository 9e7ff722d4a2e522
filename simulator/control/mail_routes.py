"""The received mails."""

from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.control.json_http import answer, read_limit
from simulator.mails.sink import MAX_MAILS, MailSink


class MailRoutes:
    """Everything under /mails."""

    def __init__(self, sink: MailSink) -> None:
        self._sink = sink

    def routes(self) -> list[BaseRoute]:
        """The routes, for the application."""
        return [
            Route("/mails", self.show, methods=["GET"]),
            Route("/mails", self.clear, methods=["DELETE"]),
        ]

    async def show(self, request: Request) -> Response:
        """The newest mails, newest last; `to` picks those to one address."""
        limit = read_limit(request, default=100, maximum=MAX_MAILS)
        return answer({"mails": [asdict(mail) for mail in self._sink.mails(request.query_params.get("to"), limit)]})

    async def clear(self, _: Request) -> Response:
        """Deletes the received mails."""
        self._sink.clear()
        return answer({"mails": []})
