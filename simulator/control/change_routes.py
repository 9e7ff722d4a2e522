"""Tells clients which phones have changed."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.control.json_http import ControlError, answer, invalid
from simulator.phones.service import PhoneService

MAX_WAIT_SECONDS = 30


class ChangeRoutes:
    """`/phones/changes`. Register it before the routes of single phones."""

    def __init__(self, phones: PhoneService) -> None:
        self._phones = phones

    def routes(self) -> list[BaseRoute]:
        """The routes, for the application."""
        return [Route("/phones/changes", self.list_changes, methods=["GET"])]

    async def list_changes(self, request: Request) -> Response:
        """The ids of phones that have changed since `since`, the `version` of an earlier answer. Waits for the first
        for up to `wait_seconds`. If `complete`, the answer names all existing phones, because earlier changes are
        unknown."""
        since, seconds = request.query_params.get("since", ""), _read_wait(request)
        news = await self._phones.changes.wait(since, seconds, self._phones.pass_time)
        if news is None:
            raise ControlError(503, "Service unavailable", "Too many clients are waiting for changes. Try again.")
        if news.phones is None:
            everybody = [phone.record.id for phone in self._phones.all()]
            return answer({"version": news.version, "phones": everybody, "complete": True})
        return answer({"version": news.version, "phones": news.phones, "complete": False})


def _read_wait(request: Request) -> int:
    digits = request.query_params.get("wait_seconds", "0")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 3 and int(digits) <= MAX_WAIT_SECONDS):
        raise invalid(f"wait_seconds must be a whole number from 0 to {MAX_WAIT_SECONDS}.")
    return int(digits)
