"""Control of the phones' clock."""

import asyncio
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.clock import MAX_OFFSET, Clock, ClockFile
from simulator.control.json_http import answer, invalid, read_model


class Advance(BaseModel):
    """Seconds to put the clock forward."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    advance_seconds: Annotated[float, Field(ge=0, le=MAX_OFFSET)]


class ClockRoutes:
    """Everything under /clock."""

    def __init__(self, clock: Clock, file: ClockFile) -> None:
        self._clock = clock
        self._file = file
        self._saving = asyncio.Lock()

    def routes(self) -> list[BaseRoute]:
        """The routes, for the application."""
        return [
            Route("/clock", self.show, methods=["GET"]),
            Route("/clock", self.advance, methods=["POST"]),
        ]

    async def show(self, _: Request) -> Response:
        """How far the phones' clock is ahead of the machine's."""
        return self._offset()

    async def advance(self, request: Request) -> Response:
        """Puts the phones' clock forward. A restart of the simulator keeps it so."""
        body = await read_model(request, Advance)
        try:
            self._clock.advance(body.advance_seconds)
        except ValueError as error:
            raise invalid(f"advance_seconds: {error}.") from None
        async with self._saving:
            await asyncio.to_thread(self._file.save, self._clock)
        return self._offset()

    def _offset(self) -> Response:
        return answer({"offset_seconds": self._clock.offset_seconds})
