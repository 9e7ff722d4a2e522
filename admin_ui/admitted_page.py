"""Pages that NiceGUI builds only for requests that were let in."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from nicegui import ui
from starlette.requests import Request
from starlette.responses import Response

Admit = Callable[[Request], Awaitable[Response | None]]
"""Returns the response to send instead of the page, or None to let the request in."""


class AdmittedPage(ui.page):
    """A page that is built only if `admit` lets the request in.

    NiceGUI keeps each page until its browser has left, or for a minute if no browser opens it. So a request that is
    not let in must not get that far: any stranger could fill the memory and use up the number of pages.
    """

    def __init__(self, path: str, *, admit: Admit, title: str, response_timeout: float) -> None:
        super().__init__(path, title=title, response_timeout=response_timeout)
        self._admit = admit

    def _wrap(self, func: Callable[..., Any]) -> Callable[..., Any]:
        make = super()._wrap(func)

        @wraps(make)
        async def admitted(**parameters: Any) -> Any:
            refusal = await self._admit(parameters["request"])
            return await make(**parameters) if refusal is None else refusal

        return admitted
