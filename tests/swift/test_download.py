"""What the notification service does with a file that a sender has named. This runs on Linux as it is."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.swift.app import swift_files
from tests.swift.compiler import CHECKOUT, LANGUAGE, swiftc

pytestmark = pytest.mark.timeout(600)
SECONDS = 20
LIMIT = 100_000
ENDLESS = 50_000_000

Download = Callable[..., str]


class Media(BaseHTTPRequestHandler):
    """Files of all kinds, by their path."""

    sent = 0
    """Bytes of the last answer that the client has taken."""

    def do_GET(self) -> None:
        kind = "text/html" if self.path == "/page" else "image/png"
        self.send_response(404 if self.path == "/gone" else 200)
        self.send_header("Content-Type", kind)
        if self.path in {"/picture", "/long"}:
            self.send_header("Content-Length", str(LIMIT if self.path == "/picture" else ENDLESS))
        self.end_headers()
        Media.sent = 0
        try:
            for _ in range((LIMIT if self.path == "/picture" else ENDLESS) // 1000):
                self.wfile.write(b"x" * 1000)
                Media.sent += 1000
                if self.path == "/slow":
                    time.sleep(0.1)  # how slow a server is, not a wait for something
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("programs") / "download"
    files = [file for file in swift_files("SmithNotificationService") if file.name == "BoundedDownload.swift"]
    files.append(Path(__file__).parent / "programs/download.swift")
    implicit = ["-Xfrontend", "-import-module", "-Xfrontend", "FoundationNetworking"]
    made = swiftc(*LANGUAGE, *implicit, "-o", path, *files)
    assert made.returncode == 0, made.stderr
    return path


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Media) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture
def download(program: Path, server: str) -> Download:
    def run(path: str, seconds: float = SECONDS) -> str:
        command = [CHECKOUT / "scripts/with_swift.sh", program, server + path, str(seconds), str(LIMIT)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout.strip()

    return run


def test_a_file_within_the_limit_arrives_whole(download: Download) -> None:
    assert download("/picture") == f"arrived {LIMIT} image/png"


@pytest.mark.parametrize("path", ["/long", "/endless"])
def test_a_file_that_is_too_large_is_given_up_early(download: Download, path: str) -> None:
    """Whether its server says how large it is, or not."""
    assert download(path) == f"failed tooLarge(limit: {LIMIT})"
    assert Media.sent < ENDLESS


@pytest.mark.parametrize(
    ("path", "failure"),
    [("/page", 'wrongKind(Optional("text/html"))'), ("/gone", "refused(status: 404)")],
)
def test_what_is_no_picture_is_not_loaded(download: Download, path: str, failure: str) -> None:
    assert download(path) == f"failed {failure}"


def test_a_file_that_takes_too_long_is_given_up(download: Download) -> None:
    begun = time.monotonic()
    assert download("/slow", seconds=1) == "failed tooSlow"
    # Ten seconds would be the whole of it.
    assert time.monotonic() - begun < SECONDS
