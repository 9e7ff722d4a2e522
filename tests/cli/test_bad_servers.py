"""A server that is away, hangs or is none: one line, exit code 1, and nothing is sent twice."""

import ssl
import time
from pathlib import Path

import pytest

from tests import certificates
from tests.cli.bad_server import BadServer
from tests.cli.client import Client
from tests.cli.in_process import say
from tests.stack import free_ports
from tests.waiting import eventually


def http(status: str, body: bytes, *headers: str) -> bytes:
    """An answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


MAYBE = "the request may have been carried out"

ANSWERS = {
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n", f"closed the connection, or does not speak HTTP; {MAYBE}"),
    "nothing": (b"", f"closed the connection, or does not speak HTTP; {MAYBE}"),
    "half an answer": (b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"a', "closed the connection"),
    "success without JSON": (
        http("200 OK", b"<html>Welcome"),
        "answered 200 without JSON: is it an ActivitySmith server",
    ),
    "another JSON": (http("200 OK", b"[1]"), "answered 200 without JSON"),
    "a proxy's page": (
        http("502 Bad Gateway", b"\n<h1>\x1b[31mBad\xff Gateway</h1>\n"),
        "the server answered 502 without JSON: <h1> [31mBad\N{REPLACEMENT CHARACTER} Gateway</h1>",
    ),
    "elsewhere": (
        http("301 Moved", b"", "Location: https://push.example.com/api/"),
        "the server answered 301 and points to https://push.example.com/api/: call it there",
    ),
    "odd error": (
        http("500 Oops", b'{"error": "a\\u001b[2Jb", "message": null, "why": {"x": [1]}}'),
        "500 a [2Jb: None",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_answers_and_is_no_server_of_ours_is_told(capfd: pytest.CaptureFixture[str], name: str) -> None:
    answer, told = ANSWERS[name]
    with BadServer(answer) as server:
        code, _ = say("push", "--title", "x", ACTIVITYSMITH_BASE_URL=f"http://127.0.0.1:{server.port}")
    answered, said = capfd.readouterr()
    assert (code, answered) == (1, "")
    assert told in said.splitlines()[0]
    assert said.startswith("activitysmith push: ")
    assert "\x1b" not in said
    assert len(server.requests) == 1


def test_an_answer_without_end_is_given_up(tmp_path: Path) -> None:
    with BadServer(b"HTTP/1.1 200 OK\r\n\r\n", endless=True) as server:
        client = Client(f"http://127.0.0.1:{server.port}", "ask_secret", tmp_path)
        assert "sent an answer without end" in client.refused("push", "--title", "x", code=1)


def test_a_server_that_hangs_is_waited_for_as_long_as_was_said(tmp_path: Path) -> None:
    with BadServer(None) as server:
        client = Client(f"http://127.0.0.1:{server.port}", "ask_secret", tmp_path)
        said = client.refused("push", "--title", "x", "--timeout", "0.3", code=1)
        # It is read by a thread of this process, which may come to it after the client has gone.
        eventually("the request is read", lambda: server.requests)
    assert said == (
        f"activitysmith push: http://127.0.0.1:{server.port}/api did not answer within 0.3 s; the request may"
        " have been carried out\n"
    )
    assert len(server.requests) == 1


def test_a_server_that_is_away_is_told_with_where_it_was_looked_for(tmp_path: Path) -> None:
    client = Client("", "ask_secret", tmp_path)
    [port] = free_ports(1)
    began = time.monotonic()
    said = client.refused("push", "--title", "x", code=1, ACTIVITYSMITH_BASE_URL=f"http://127.0.0.1:{port}")
    assert said == (
        f"activitysmith push: cannot reach http://127.0.0.1:{port}/api: Connection refused; set"
        " ACTIVITYSMITH_BASE_URL or --base-url if it is elsewhere\n"
    )
    assert time.monotonic() - began > 1.0, "it was not tried again"


def test_a_certificate_of_an_unknown_authority_is_told_and_one_may_trust_it(tmp_path: Path) -> None:
    files = certificates.make(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    answer = http("200 OK", b'{"success": true, "notification_id": "n"}')
    with BadServer(answer, tls=context) as server:
        client = Client(f"https://127.0.0.1:{server.port}", "ask_secret", tmp_path)
        said = client.refused("push", "--title", "x", code=1)
        assert f"https://127.0.0.1:{server.port}/api has no valid certificate: " in said
        assert "SSL_CERT_FILE may name" in said
        assert not server.requests
        done = client.do("push", "--title", "x", SSL_CERT_FILE=str(files.authority))
    assert (done.stdout, done.stderr) == (b"notification_id: n\n", b"")
    assert "cannot set up the connection" in client.refused("push", "--title", "x", code=1, SSL_CERT_FILE=__file__)
