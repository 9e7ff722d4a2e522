"""What the web admin takes over its pages' sockets: from the pages that it sent, what they send, and no more."""

import contextlib
import json
import re
import socket as sockets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlencode

import httpx
import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from admin_ui.security.sockets import FIRST_PACKET_SECONDS
from tests.http_client import plain_http_client
from tests.stack import Stack
from tests.waiting import LONG, eventually

PATH = "/_nicegui_ws/socket.io/"
MEGABYTE = 1024 * 1024


@pytest.fixture
def url(place: Stack) -> str:
    return place.admin_url


class Page:
    """A page that was drawn for the owner, and no browser shows."""

    def __init__(self, url: str, session: str, client_id: str) -> None:
        self.url, self.session, self.client_id = url, session, client_id

    @contextmanager
    def socket(self, *, cookie: str | None = None, **query: str) -> Iterator[ClientConnection]:
        """Opens a socket as the page's script does; `query` and `cookie` differ from what it says."""
        said = {
            "EIO": "4",
            "transport": "websocket",
            "client_id": self.client_id,
            "tab_id": "tab",
            "document_id": "document",
            "next_message_id": "0",
            "implicit_handshake": "true",
            **query,
        }
        address = f"{self.url.replace('http', 'ws', 1)}{PATH}?{urlencode(said)}"
        headers = {"cookie": f"smith_session={self.session if cookie is None else cookie}"}
        with connect(address, origin=Origin(self.url), additional_headers=headers) as socket:
            assert str(socket.recv(timeout=LONG)).startswith('0{"sid":')
            yield socket

    def says(self, name: str, **message: object) -> str:
        """An event of the page."""
        return "42" + json.dumps([name, {"client_id": self.client_id, **message}])


@pytest.fixture
def page(place: Stack, url: str) -> Page:
    with plain_http_client(url, origin=url) as client:
        client.post("/sign-in", data={"email": place.owner_email, "password": place.owner_password})
        session = client.cookies["smith_session"]
        [client_id] = set(re.findall(r"client_id[\"']?: *[\"']([0-9a-f-]{36})", client.get("/account").text))
    return Page(url, session, client_id)


def is_closed(socket: ClientConnection) -> int:
    """The code that the other side closes with."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            socket.recv(timeout=LONG)
    assert socket.close_code is not None
    return socket.close_code


def said_since(place: Stack, before: int) -> list[str]:
    """What the admin app has logged, and whatever was written in another form than that of our logs."""
    lines = place.stderr[before:].splitlines()
    return [line for line in lines if " admin " in line or not line[:1].isdigit()]


def takes(socket: ClientConnection, *messages: Any) -> bool:
    """Whether all can be sent before the other side ends the socket."""
    message: Any
    try:
        for message in messages:
            socket.send(message)
    except ConnectionClosed:
        return False
    return True


def connected(socket: ClientConnection) -> ClientConnection:
    socket.send("40")
    assert str(socket.recv(timeout=LONG)).startswith('40{"sid":')
    return socket


def test_a_page_is_heard_over_its_socket(page: Page) -> None:
    with page.socket() as socket:
        connected(socket)
        socket.send(page.says("log", level="info", message="hello"))
        socket.send(page.says("ack", next_message_id=0))
        socket.send(page.says("event", id=1, listener_id="gone", args=["null", None]))
        socket.send("3")
        handshake = {"tab_id": "tab", "document_id": "document", "old_tab_id": None, "next_message_id": 0}
        socket.send(page.says("handshake", **handshake).replace("42", "427", 1))
        while not str(answer := socket.recv(timeout=LONG)).startswith("437"):
            pass
        assert answer == "437[false]", "it is shown already"


@pytest.mark.parametrize(
    "difference",
    [
        {"client_id": "00000000-0000-4000-8000-000000000000"},
        {"client_id": ""},
        {"cookie": ""},
        {"cookie": "ses_another"},
        {"next_message_id": "x"},
        {"tab_id": "x" * 101},
        {"sid": "x"},
    ],
    ids=str,
)
def test_whose_page_is_gone_or_anothers_is_told_to_load_it_again_and_no_more(
    page: Page, difference: dict[str, str]
) -> None:
    with page.socket(**difference) as socket:
        socket.send("40")
        assert json.loads(str(socket.recv(timeout=LONG)).removeprefix("44")) == {"message": "Implicit handshake failed"}
        assert is_closed(socket) == 1008
    with page.socket(**difference) as socket:
        socket.send('459999-["event",{"_placeholder":true,"num":0}]')
        assert is_closed(socket) == 1008


NO_PAGE_SENDS: list[str | bytes] = [
    b"\x00" * 1000,
    b"",
    "",
    "b" + "A" * 1000,
    "4",
    "44",
    '44{"message":"x"}',
    '451-["event",{"_placeholder":true,"num":0}]',
    '459999999999-["event",{"_placeholder":true,"num":0}]',
    '461-1[{"_placeholder":true,"num":0}]',
    "40",
    "40/admin,",
    '40{"token":1}',
    "43[]",
    "2probe",
    "5",
    "6",
    "x",
    "42",
    "42{",
    "42[]",
    "42[1]",
    '42["event"]',
    '42["event",1]',
    '42["event",{}]',
    '42["event",{"client_id":"x","id":"1","listener_id":"x"}]',
    '42["event",{"client_id":"x","id":1,"listener_id":"x","args":["{"]}]',
    '42["event",{"client_id":"x","id":1,"listener_id":"x","args":[1]}]',
    '42["log",{"client_id":"x"},1]',
    '421["log",{"client_id":"x"}]',
    '42["connect",{"client_id":"x"}]',
    '42["ack",{"client_id":"x","next_message_id":"1"}]',
    '42["handshake",{"client_id":"x"}]',
    '42["handshake",{"client_id":"x","tab_id":"' + "x" * 101 + '","document_id":"x"}]',
    "42" + "[" * 100_000,
    '42["nothing",{}]',
    '42/x,["log",{"client_id":"x"}]',
]


def test_what_no_page_sends_ends_the_socket_and_fills_no_log(place: Stack, page: Page) -> None:
    """The binary packets of Socket.IO among it, whose attachments would be kept until the last one has come."""
    before = len(place.stderr)
    for packet in NO_PAGE_SENDS:
        with page.socket() as socket:
            connected(socket).send(packet)
            assert is_closed(socket) == 1008, packet
    assert said_since(place, before) == []


def test_attachments_cost_no_memory(place: Stack, page: Page) -> None:
    """600 of a megabyte each; compressed they would be 600 kB. Neither with a page nor without one."""
    admin = psutil.Process(place.pids["admin"])
    before = admin.memory_info().rss
    for difference in ({}, {"client_id": ""}):
        with ExitStack() as stack:
            socket = stack.enter_context(page.socket(**difference))
            assert socket.protocol.extensions == [], "nothing is compressed"
            socket.send("40")
            socket.recv(timeout=LONG)
            assert not takes(socket, '459999-["event",{"_placeholder":true,"num":0}]', *([bytes(990_000)] * 600))
    assert admin.memory_info().rss - before < 5 * MEGABYTE


def test_a_message_in_thousands_of_pieces_ends_the_socket(page: Page) -> None:
    """Even of empty ones: each would be kept."""
    with page.socket() as socket:
        connected(socket)
        assert takes(socket, (piece for piece in page.says("ack", next_message_id=0)))
        assert not takes(socket, *[["" for _ in range(2_000)] for _ in range(100)])


def test_text_that_is_none_ends_the_socket_and_fills_no_log(place: Stack, page: Page) -> None:
    before = len(place.stderr)
    with page.socket() as socket:
        socket.send(b"40\xff", text=True)
        assert is_closed(socket) == 1007
    assert said_since(place, before) == []


def filled(stack: ExitStack, page: Page, count: int, **query: str) -> list[ClientConnection]:
    """Opens so many sockets, after which one more is refused. They stay open until the end of the stack.

    The other side closes each that has said nothing for five seconds. If opening all takes longer than that, there is
    room for one more: then it is tried again.
    """
    end = time.monotonic() + 2 * LONG
    is_again = False
    while True:
        began, refused = time.monotonic(), 0
        held: list[ClientConnection] = []
        with ExitStack() as attempt:
            try:
                while len(held) <= count:
                    held += [attempt.enter_context(page.socket(**query))]
            except InvalidStatus as said:
                refused = said.response.status_code
            # Those of the attempt before may be there still.
            if refused and (len(held) == count or not is_again):
                assert (len(held), refused) == (count, 403)
                stack.push(attempt.pop_all())
                return held
            assert refused or time.monotonic() - began >= FIRST_PACKET_SECONDS, "one more is let in"
        assert time.monotonic() < end, "sockets are never opened within five seconds"
        is_again = True


@pytest.mark.thorough
def test_sockets_without_a_page_are_few_and_do_not_last(page: Page) -> None:
    """Those of one address; and a page has but a few, too."""
    with ExitStack() as stack:
        held = filled(stack, page, 20, client_id="")
        filled(stack, page, 4)
        # Nothing is said over any of them.
        assert {is_closed(socket) for socket in held} == {1008}

    def is_let_in() -> bool:
        try:
            with page.socket(client_id=""):
                return True
        except InvalidStatus:
            return False

    eventually("sockets are taken again", is_let_in)


@pytest.mark.parametrize(
    "query", ["EIO=4&transport=polling", "EIO=4&transport=websocket", "EIO=3&transport=polling&j=x"]
)
def test_pages_speak_over_websockets_only(url: str, query: str) -> None:
    with plain_http_client(url, origin=url) as client:
        for answer in (client.get(f"{PATH}?{query}"), client.post(f"{PATH}?{query}", content=b"40")):
            assert answer.status_code == 404
            assert "WebSockets" in answer.text


HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
)


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        (PATH, "Transfer-Encoding: identity\r\n", 400),
        (PATH, "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 400),
        (PATH, "Content-Length: 5\r\n", 400),
        (PATH, "Host: second\r\n", 400),
        (PATH, "".join(f"X-{number}: x\r\n" for number in range(300)), 431),
        (PATH, f"X-Long: {'x' * 20_000}\r\n", 400),
        (PATH, "Sec-WebSocket-Key: x\r\n", 400),
        (PATH + "\xff", "", 400),
        ("/account", "", 403),
        ("/nothing", "", 403),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_handshake_that_is_none_is_answered_and_fills_no_log(
    place: Stack, url: str, path: str, more: str, status: int
) -> None:
    before = len(place.stderr)
    parts = httpx.URL(url)
    head = HANDSHAKE.format(path=path, host=parts.netloc.decode(), origin=url, more=more)
    with sockets.create_connection((parts.host, parts.port), timeout=LONG) as raw:
        raw.sendall(head.encode("latin-1"))
        assert raw.recv(100).split()[1] == str(status).encode()
    assert said_since(place, before) == []
