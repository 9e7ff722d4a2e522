"""A stand-in for the gateway: the phones' REST calls over real HTTP, without a server behind them."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.waiting import LONG


@dataclass
class Account:
    """What the gateway heard from one phone, and what it tells it."""

    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    """Method, path below /api/device/, body; those answered with an error included."""
    failing: list[int] = field(default_factory=list)
    """Statuses for the next calls, before all goes well again."""
    live_activities: list[dict[str, Any]] = field(default_factory=list)
    """The answer to `GET /api/device/state`."""
    answering: threading.Event = field(default_factory=threading.Event)
    """Calls are heard at once, and answered once this is set, as it is at first."""

    def __post_init__(self) -> None:
        self.answering.set()

    def bodies(self, path: str) -> list[Any]:
        """What was sent to a path."""
        return [body for _, one, body in self.calls if one == path]


class StandInGateway:
    """Listens on a free port until it is closed."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.web_push_key = ""
        """The answer to `GET /api/device/web-push-key`."""
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Otherwise headers and body leave in two segments, and the second waits for an acknowledgement.
            wbufsize = -1

            def handle(self) -> None:
                try:
                    super().handle()
                except ConnectionError:
                    return

            def log_message(self, *_: object) -> None:
                return

            def answer(self) -> None:
                length = int(self.headers.get("content-length", 0))
                body = json.loads(self.rfile.read(length) or b"null")
                status, document = gateway.take(self.command, self.path, self.headers["authorization"], body)
                content = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_POST = do_DELETE = answer  # noqa: N815 - names that the library wants

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()

    def account(self, device_token: str) -> Account:
        """What concerns one phone."""
        return self.accounts.setdefault(device_token, Account())

    def take(self, method: str, path: str, authorization: str | None, body: Any) -> tuple[int, dict[str, Any]]:
        """Notes a call; returns its answer."""
        if path == "/api/device/pair":
            return 200, {"device_id": "d", "device_token": f"dev_{body['name']}"}
        account = self.account(str(authorization).removeprefix("Bearer "))
        path = path.removeprefix("/api/device/")
        account.calls.append((method, path, body))
        account.answering.wait(LONG)
        if account.failing:
            return account.failing.pop(0), {"error": "No", "message": "not now"}
        if path.endswith("/dismissed"):
            gone = path.split("/")[-2]
            account.live_activities = [one for one in account.live_activities if one["activity_id"] != gone]
        if path == "web-push-key":
            return 200, {"public_key": self.web_push_key}
        return 200, {"live_activities": account.live_activities} if path == "state" else {}
