"""Work for a page: background work while a browser shows it, or handlers of clicks.

NiceGUI keeps, for each task, the element that new elements are drawn into. That element may be removed before the work
is done: a row is redrawn, a dialog closes. So this work draws into the page itself, which exists until the browser has
left.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import nicegui
from nicegui import background_tasks, ui

AFTER_A_FAULT_SECONDS = 5.0
"""Seconds until failed work begins again."""


def keep_doing(work: Callable[[], Awaitable[None]], name: str) -> None:
    """Runs `work` until it returns or the page is gone, each in a task of its own.

    A fault is logged and shown on the page. The work begins again, and other work of the page goes on.
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
    """`act` as a handler for an element that may be removed before `act` has run: a row may be redrawn between a click
    and its effect. Call it while the element is drawn. The page shows what `act` raises."""
    client = ui.context.client

    async def do() -> None:
        with client:
            try:
                result = act()
                # Only coroutines are awaited: closing a dialog returns the dialog, and awaiting a dialog opens it.
                if inspect.iscoroutine(result):
                    await result
            except Exception as error:
                nicegui.app.handle_exception(error)

    return do
