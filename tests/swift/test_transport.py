"""How the kit speaks HTTP, by the system's own `URLSession`: with what is no server of ours."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.swift.smith_phone import Refusal, SmithPhone


@dataclass
class Impostor:
    """What answers every request alike, as it was last told."""

    url: str = ""
    status: int = 200
    body: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """Methods, paths and credentials."""

    @property
    def link(self) -> str:
        """A pairing link to it."""
        return f"activitysmith://pair?server={self.url}&code=K7QF-2M9X"


@contextmanager
def impostor(**answer: object) -> Iterator[Impostor]:
    """One that runs as long as the block."""
    one = Impostor(**answer)  # type: ignore[arg-type]

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            one.asked.append(f"{self.command} {self.path} {self.headers.get('authorization')}")
            self.send_response(one.status)
            for name, value in (one.headers | {"content-length": str(len(one.body.encode()))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(one.body.encode())

        do_GET = do_PUT = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield one
    server.shutdown()
    server.server_close()


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[SmithPhone]:
    """A phone that is not paired."""
    with SmithPhone(tmp_path / "phone") as one:
        yield one


def test_a_redirect_is_named_and_not_followed(phone: SmithPhone) -> None:
    with impostor() as target, impostor(status=301, headers={"location": f"{target.url}/api/device/pair"}) as server:
        with pytest.raises(Refusal, match=r"Pair again with that address\.") as refusal:
            phone.do("pair", link=server.link, name="iPhone")
        assert target.url.rpartition(":")[0] in refusal.value.words
        assert server.asked == ["POST /api/device/pair None"]
        assert target.asked == []


def test_a_page_in_place_of_the_server_is_not_taken_for_it(phone: SmithPhone) -> None:
    with (
        impostor(body="<html>Sign in to our network</html>") as hotel,
        pytest.raises(Refusal, match=r"What answers at 127\.0\.0\.1 is not the server\."),
    ):
        phone.do("pair", link=hotel.link, name="iPhone")


def test_the_401_of_a_proxy_does_not_unpair(phone: SmithPhone) -> None:
    with impostor(body='{"device_id": "d1", "device_token": "dev_x"}') as server:
        phone.do("pair", link=server.link, name="iPhone")
        server.status, server.body = 401, "<html>Who are you?</html>"
        with pytest.raises(Refusal) as refusal:
            phone.do("state")
        assert refusal.value.kind == "unreachable"
        server.body = '{"error": "Unauthorized", "message": "…"}'
        with pytest.raises(Refusal) as refusal:
            phone.do("state")
        assert refusal.value.kind == "unpaired"
        assert server.asked[-1] == "GET /api/device/state Bearer dev_x"


def test_a_path_in_front_of_the_api_is_kept(phone: SmithPhone) -> None:
    with impostor(status=404, body='{"error": "Not found", "message": "The code is wrong."}') as server:
        server.url += "/smith/"
        with pytest.raises(Refusal, match=r"The code is wrong\."):
            phone.do("pair", link=server.link, name="iPhone")
        assert server.asked == ["POST /smith/api/device/pair None"]
