"""What is done for a page: by itself for as long as a browser shows it, or because somebody has pressed something.

NiceGUI keeps the place that is drawn in per task, and a place may be gone before the work is done: a row is drawn
again, a dialog is closed. So all such work enters the page itself, which is there until the browser has left.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import nicegui
from nicegui import background_tasks, ui

AFTER_A_FAULT_SECONDS = 5.0
"""Until work that failed is begun again."""


def keep_doing(work: Callable[[], Awaitable[None]], name: str) -> None:
    """Runs `work` until it returns or the page is gone, each in a task of its own.

    A fault is logged, told on the page, and ends nothing: the work begins again, and other work of the page goes on.
    """
    client = ui.context.client

    async def doing() -> None:
        with client:
            while True:
                try:
                    await work()
                    return
                except Exception as error:
                    nicegui.app.handle_exception(error)
                await asyncio.sleep(AFTER_A_FAULT_SECONDS)

    task = background_tasks.create(doing(), name=f"{name} of {client.page.path}")
    client.on_delete(task.cancel)


def on_page(act: Callable[[], Any]) -> Callable[[], Awaitable[None]]:
    """`act`, for an event of an element that may be gone before `act` is done, or has begun: a row may be drawn again
    between a click and what it does. To be called while the element is drawn. What `act` raises is told on the page."""
    client = ui.context.client

    async def do() -> None:
        with client:
            try:
                result = act()
                # Not whatever can be awaited: closing a dialog answers with the dialog, and to await that opens it.
                if inspect.iscoroutine(result):
                    await result
            except Exception as error:
                nicegui.app.handle_exception(error)

    return do
