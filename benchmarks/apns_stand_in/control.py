"""The stand-in's control address: plain HTTP."""

import asyncio

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.apns_stand_in.counts import Counts

LONGEST_LATENCY_MS = 60_000.0
LONGEST_WAIT = 120.0


class Control:
    """Sets the latency, and says what has come."""

    def __init__(self, counts: Counts, latency_ms: float) -> None:
        self._counts = counts
        self._latency = latency_ms / 1000

    def latency(self) -> float:
        """Seconds from a push to its answer."""
        return self._latency

    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/stats", self.show, methods=["GET"]),
                Route("/stats", self.reset, methods=["DELETE"]),
                Route("/states", self.show_states, methods=["GET"]),
            ]
        )

    async def show(self, request: Request) -> JSONResponse:
        """The counters; with `?accepted=N` once there are so many, or after two minutes."""
        wanted = request.query_params.get("accepted", "0")
        if not wanted.isdecimal():
            return JSONResponse({"error": "accepted must be a number"}, 400)
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                await self._counts.until_accepted(int(wanted))
        except TimeoutError:
            return JSONResponse(self._counts.as_dict(), 504)
        return JSONResponse(self._counts.as_dict())

    async def reset(self, request: Request) -> JSONResponse:
        """Sets the counters to 0; with `?latency_ms=N` the latency of all pushes to come, too."""
        text = request.query_params.get("latency_ms")
        if text is not None:
            try:
                latency_ms = float(text)
            except ValueError:
                latency_ms = -1
            if not 0 <= latency_ms <= LONGEST_LATENCY_MS:
                return JSONResponse({"error": f"latency_ms must be from 0 to {LONGEST_LATENCY_MS:.0f}"}, 400)
            self._latency = latency_ms / 1000
        self._counts.reset()
        return JSONResponse(self._counts.as_dict())

    async def show_states(self, _: Request) -> JSONResponse:
        """The newest content state of each token of a Live Activity that was updated since the last reset."""
        return JSONResponse(self._counts.states())
