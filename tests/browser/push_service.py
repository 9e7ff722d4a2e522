"""A browser's push service (RFC 8030) for Chromium, whose own is Google's: what comes is decrypted with the keys that
the browser has given the server, and handed to the page's worker by DevTools, as Chromium itself would."""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Page

from tests.browser.phone_page import ALLOWED, OpenPhone, Worker
from tests.delivery.push_services import Browser, Received
from tests.stack import Stack
from tests.waiting import eventually

SUBSCRIBES = """(subscription) => {
    let present = null
    class Fake {
        constructor(key) { this.options = { userVisibleOnly: true, applicationServerKey: key.buffer } }
        get endpoint() { return subscription.endpoint }
        toJSON() { return subscription }
        async unsubscribe() {
            window.unsubscribed = true
            present = null
            return true
        }
    }
    PushManager.prototype.getSubscription = async () => present
    PushManager.prototype.subscribe = async (options) => {
        window.keys = (window.keys ?? []).concat([btoa(String.fromCharCode(...options.applicationServerKey))])
        return (present = new Fake(options.applicationServerKey))
    }
}"""


class PushService:
    """Listens on a free port, and keeps what comes by path."""

    def __init__(self) -> None:
        received: dict[str, list[Received]] = {}

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                received.setdefault(self.path, []).append(Received(self.path, headers, body))
                self.send_response(201)
                self.send_header("location", "/m/1")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.received = received
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"

    def subscriber(self) -> "Subscriber":
        """A browser that may subscribe here."""
        return Subscriber(self)


class Subscriber:
    """One browser's subscription."""

    def __init__(self, service: PushService) -> None:
        self._service = service
        self._path = f"/push/{secrets.token_urlsafe(12)}"
        self._browser = Browser(f"{service.origin}{self._path}")
        self._taken = 0

    @property
    def script(self) -> str:
        """What makes a page's push manager hand out this subscription."""
        return f"({SUBSCRIBES})({self._browser.info()!r})".replace("None", "null")

    def hand_over(self, worker: Worker) -> str:
        """Waits for the next message and gives it to the worker; answers with its text."""
        arrived = eventually(
            "a message for the browser",
            lambda: self._service.received.get(self._path, []),
            until=lambda all_of_them: len(all_of_them) > self._taken,
        )
        text = self._browser.decrypt(arrived[self._taken]).decode()
        self._taken += 1
        worker.deliver(text)
        return text


def phone_opener(place: Stack, push_service: PushService, open_page: Callable[..., Page], *always: str) -> OpenPhone:
    """Opens browsers of a phone's size with a push service, whose pages begin with the scripts `always`. They show
    nothing yet."""

    def open_one(*scripts: str, **options: Any) -> tuple[Page, Subscriber]:
        page, subscriber = open_page(place.base_url, "about:blank", **(ALLOWED | options)), push_service.subscriber()
        for script in (*always, subscriber.script, *scripts):
            page.add_init_script(script)
        return page, subscriber

    return open_one


@contextmanager
def serving() -> Iterator[PushService]:
    """A push service, until the end of the block."""
    service = PushService()
    thread = threading.Thread(target=service.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.server.shutdown()
        thread.join()
        service.server.server_close()
