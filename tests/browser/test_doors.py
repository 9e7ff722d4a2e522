"""What the web admin lets in, and what it says with every answer: over HTTP, as an attacker would try it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.http_client import plain_http_client
from tests.stack import Stack
from tests.waiting import LONG

PAGES = ("/", "/lock-screen", "/playground", "/devices", "/api-keys", "/members", "/settings", "/account")
EVIL = "https://evil.test"


@pytest.fixture
def url(place: Stack) -> str:
    return place.admin_url


@pytest.fixture
def form(place: Stack) -> dict[str, str]:
    """What the sign-in form sends."""
    return {"email": place.owner_email, "password": place.owner_password}


@contextmanager
def signed_in(url: str, form: dict[str, str]) -> Iterator[httpx.Client]:
    with plain_http_client(url, origin=url) as client:
        assert client.post("/sign-in", data=form).headers["location"] == "/"
        yield client


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/setup", "/invite"])
@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": EVIL}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}],
    ids=str,
)
def test_no_form_is_taken_from_another_site(url: str, form: dict[str, str], path: str, headers: dict[str, str]) -> None:
    with plain_http_client(url, **headers) as client:
        answer = client.post(path, data=form)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_form_that_a_proxy_has_changed_the_host_of_is_told_what_to_set(url: str, form: dict[str, str]) -> None:
    with plain_http_client(url, origin="https://admin.example.com") as client:
        answer = client.post("/sign-in", data=form)
    assert answer.status_code == 403
    for name in ("Origin", "Host", "SMITH_ADMIN_URL"):
        assert name in answer.text


def test_a_cross_site_sign_out_leaves_the_session_alone(url: str, form: dict[str, str]) -> None:
    with signed_in(url, form) as client:
        assert client.post("/sign-out", headers={"origin": EVIL}).status_code == 403
        assert client.get("/").status_code == 200


def test_a_session_that_was_planted_before_is_not_the_one_after(url: str, form: dict[str, str]) -> None:
    with plain_http_client(url, origin=url) as client:
        client.cookies.set("smith_session", "ses_planted")
        answer = client.post("/sign-in", data=form)
        assert "ses_planted" not in answer.headers["set-cookie"]
    with plain_http_client(url) as attacker:
        attacker.cookies.set("smith_session", "ses_planted")
        assert attacker.get("/").headers["location"] == "/sign-in"


@pytest.mark.parametrize(
    ("origin", "status"), [(EVIL, 403), ("null", 403), (None, 403), ("http://127.0.0.1:1", 403), ("own", 101)]
)
def test_sockets_are_opened_by_our_own_pages_only(url: str, origin: str | None, status: int) -> None:
    parts = httpx.URL(url)
    lines = [
        "GET /_nicegui_ws/socket.io/?EIO=4&transport=websocket HTTP/1.1",
        f"Host: {parts.netloc.decode()}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *([f"Origin: {url if origin == 'own' else origin}"] if origin else []),
    ]
    with socket.create_connection((parts.host, parts.port), timeout=LONG) as raw:
        raw.sendall("\r\n".join([*lines, "", ""]).encode())
        assert raw.recv(100).split()[1] == str(status).encode()


def test_every_answer_says_what_a_page_may_do(url: str, form: dict[str, str]) -> None:
    with signed_in(url, form) as client:
        for path in (*PAGES, "/sign-in", "/no-such-page", "/healthz"):
            answer = client.get(path)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe-inline" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store"
        first, second = (client.get("/").headers["content-security-policy"] for _ in range(2))
        assert first != second, "a nonce is used once"


def test_no_secret_is_in_any_page(place: Stack, url: str, form: dict[str, str]) -> None:
    with signed_in(url, form) as client:
        session = client.cookies["smith_session"]
        for path in PAGES:
            page = client.get(path).text
            for secret in (session, place.api_key, place.owner_password):
                assert secret not in page


def test_what_no_browser_of_ours_would_send_gets_a_plain_answer(url: str, form: dict[str, str]) -> None:
    with plain_http_client(url, origin=url) as client:
        assert client.get("/", headers={"host": "evil.test"}).status_code == 421
        assert client.put("/sign-in", data=form).status_code == 405
        assert client.post("/sign-in", content=b"x" * 100_000).status_code == 413
        assert client.post("/sign-in", content=b"\xff\xfe").status_code == 400
        assert client.get("/devices/%00").status_code == 404
        assert client.get("/channels/nonsense", follow_redirects=True).status_code == 200, "signing in comes first"


@pytest.mark.thorough
def test_who_guesses_is_told_to_wait(url: str) -> None:
    with plain_http_client(url, origin=url) as client:
        answers = [
            client.post("/sign-in", data={"email": "guess@team.test", "password": f"guess {number}"})
            for number in range(12)
        ]
    assert answers[0].status_code == 403
    assert "The e-mail address or the password is wrong." in answers[0].text
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 600
    assert "Too many attempts. Try again in 1" in answers[-1].text


@pytest.mark.thorough
def test_strangers_cannot_use_up_the_pages_of_those_who_are_signed_in(url: str, form: dict[str, str]) -> None:
    """More requests than pages may be open (`MAX_PAGES` of the guard), to all that a stranger may ask for."""
    paths = ("/sign-in", "/setup", "/invite", "/", "/members", "/no-such-page")
    with plain_http_client(url) as stranger:
        stranger.cookies.set("smith_session", "ses_made_up")
        statuses = {path: {stranger.get(path).status_code for _ in range(90)} for path in paths}
    assert statuses == {
        "/sign-in": {200}, "/setup": {303}, "/invite": {404}, "/": {303}, "/members": {303}, "/no-such-page": {404},
    }  # fmt: skip
    with signed_in(url, form) as client:
        assert client.get("/members").status_code == 200
