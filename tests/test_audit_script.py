"""`make audit` fails on what is known to be vulnerable, and says so when no database could be asked."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

SCRIPT = Path(__file__).parent.parent / "scripts" / "audit.py"


def audit(url: str) -> subprocess.CompletedProcess[str]:
    """The script, which asks this database, at its end."""
    return subprocess.run(
        [sys.executable, str(SCRIPT), "--osv-url", url], capture_output=True, text=True, timeout=120, check=False
    )


@contextmanager
def database(vulnerable: str = "", status: int = 200) -> Iterator[str]:
    """A database of vulnerabilities that knows one, in every version of that package."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            is_vulnerable = asked["package"]["name"].lower() == vulnerable
            flaw = {"id": "PYSEC-2026-1", "summary": "bad", "affected": []}
            answer = json.dumps({"vulns": [flaw]} if is_vulnerable else {}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        server.server_close()


def test_a_known_vulnerability_fails() -> None:
    with database("starlette") as url:
        ended = audit(url)
    assert ended.returncode == 1
    assert "starlette" in ended.stderr
    assert "PYSEC-2026-1" in ended.stderr
    assert "1 known vulnerabilities" in ended.stdout


def test_none_known_is_well() -> None:
    with database() as url:
        ended = audit(url)
    assert ended.returncode == 0, ended.stderr
    assert "NOT AUDITED" not in ended.stderr
    assert ", 0 known vulnerabilities" in ended.stdout


def test_a_database_that_cannot_be_asked_fails_nothing_and_is_not_passed_over() -> None:
    with database(status=503) as url:
        away = [audit("http://127.0.0.1:1/v1/query"), audit(url)]
    for ended in away:
        assert ended.returncode == 0
        assert "NOT AUDITED" in ended.stderr
        assert "0 known" not in ended.stdout
