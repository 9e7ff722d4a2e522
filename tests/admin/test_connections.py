"""What connections the web admin holds, and how many pages, before anybody is asked who they are."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest
from fastapi import FastAPI
from nicegui import Client
from nicegui.page import page as nicegui_page
from nicegui.testing.general import nicegui_reset_globals
from starlette.requests import Request

from admin_ui.security import pages
from admin_ui.settings import AdminSettings
from admin_ui.wiring import build_server
from service_kit.listening import listen
from tests.gateway.http_client import Connection

ALIVE = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The server as the admin app runs it, with room for eight connections, four of them for one address."""
    app = FastAPI()
    app.add_api_route("/healthz", lambda: "alive")
    listener = listen("127.0.0.1", 0)
    server = build_server(app, AdminSettings(admin_max_connections=8, drain_seconds=1.0), has_room=lambda _: True)
    serving = asyncio.create_task(server.serve([listener]))
    yield listener.getsockname()[1]
    server.should_exit = True
    await serving


async def test_heads_that_never_end_make_room_for_new_connections(port: int) -> None:
    async with contextlib.AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(await Connection.open(port)) for _ in range(4)]
        for connection in slow:
            await connection.send(b"GET / HTTP/1.1\r\nhost: x\r\nx: ")
        async with await Connection.open(port) as another:
            await another.send(ALIVE)
            assert (await another.reply()).status == 200
        refused = await slow[0].reply()
        assert (refused.status, refused.headers["content-type"]) == (503, "text/plain; charset=utf-8")
        assert await slow[0].closed()


async def test_a_head_that_is_too_large_or_none_is_refused_in_words(port: int) -> None:
    for sent, status in (
        (b"GET / HTTP/1.1\r\nx: " + b"x" * 40_000, 431),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400),
    ):
        async with await Connection.open(port) as connection:
            await connection.send(sent)
            assert (await connection.reply()).status == status
            assert await connection.closed()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Bounds that a test reaches quickly."""
    monkeypatch.setattr(pages, "MAX_PAGES", 6)
    monkeypatch.setattr(pages, "MAX_UNSEEN", 5)
    monkeypatch.setattr(pages, "MAX_UNSEEN_OF_ONE", 3)
    with nicegui_reset_globals():
        yield


def opened(address: str) -> Client:
    """A page that was drawn and that no browser shows yet."""
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], "client": (address, 1)}
    return Client(nicegui_page("/"), request=Request(scope))


async def test_who_opens_pages_without_end_is_refused_alone(few: None) -> None:
    for _ in range(3):
        assert pages.has_room("192.0.2.1")
        opened("192.0.2.1")
    assert not pages.has_room("192.0.2.1")
    assert pages.has_room("192.0.2.2")


async def test_pages_that_no_browser_shows_make_room_for_one_another(few: None) -> None:
    """The oldest of the address that has the most."""
    oldest, *_ = [opened(address) for address in ("192.0.2.2", "192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.3")]
    assert pages.has_room("192.0.2.4")
    assert oldest.id in Client.instances
    assert [client.ip for client in Client.instances.values()].count("192.0.2.1") == 2


async def test_pages_that_browsers_show_are_given_up_for_none(few: None) -> None:
    for number in range(6):
        unseen = opened("192.0.2.9")
        assert pages.has_room("192.0.2.1")
        if unseen.id in Client.instances:
            unseen.delete()
        page = opened("192.0.2.1")
        await page.handle_handshake(f"socket-{number}", f"tab-{number}", None, "document", None)
    assert not pages.has_room("192.0.2.2")
    assert len(Client.instances) == 6
    page.delete()
    assert pages.has_room("192.0.2.2")
