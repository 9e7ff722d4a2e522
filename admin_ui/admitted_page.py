"""Pages that NiceGUI makes for those alone who were let in."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from nicegui import ui
from starlette.requests import Request
from starlette.responses import Response

Admit = Callable[[Request], Awaitable[Response | None]]
"""Answers with what is sent in place of a page, or with None to let the request in."""


class AdmittedPage(ui.page):
    """A page before which `admit` is asked.

    NiceGUI keeps what it makes for each request until a browser has looked at it and left, or for a minute if none
    does. So who is not let in must not get that far: any stranger could fill the memory, and all places.
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
