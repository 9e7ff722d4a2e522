"""Secrets of every kind, used well and wrongly, through every process, at the most talkative level: none is written.

Neither in a log nor, but for what the server must be able to say again, in the database.
"""

import base64
import json
import re
import secrets
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.stack import Stack
from tests.team import Phone, Team, push
from tests.waiting import eventually

pytestmark = pytest.mark.thorough

PREFIX = re.compile("^(ask|dev|ses|inv|whsec)_")
INTERNAL = "internal-" + secrets.token_hex(24)
CONFIRMABLE = ("webhook_secrets", "action_runs", "notification_actions", "live_activity_actions", "notifications")
"""Tables that hold what must be sent as it is: signing keys, and what a sender has put into a webhook."""


@pytest.fixture(scope="module")
def talkative(make_stack: Callable[..., Stack]) -> Iterator[Stack]:
    """A server that logs all it can."""
    # The first start has secrets, too.
    # What a request says is content, refused or not: only secrets that can be told from it are taken out of bodies,
    # which tests/e2e/test_request_log.py and tests/gateway/test_request_log.py see to.
    stack = make_stack(
        fresh=True, SMITH_LOG_LEVEL="debug", SMITH_INTERNAL_SECRET=INTERNAL, SMITH_REQUEST_LOG_BODIES="none"
    )
    yield stack
    stack.discard()


@dataclass
class Secrets:
    """One of each kind, by what it is."""

    hashed: dict[str, str]
    """Those of which the database must hold no more than a hash."""
    kept: dict[str, str]
    """Those that the server needs as they are."""


def use(team: Team, stack: Stack) -> Secrets:
    """Makes one of each secret and uses each as it is meant."""
    made = team.ask("POST", "/api/api-keys", name="secret key")
    _, channel_id = team.channel()
    app = team.app(channel_id)
    code = team.ask("POST", "/api/pairing-codes")["pairing_code"]
    spent = team.ask("POST", "/api/pairing-codes")["pairing_code"]
    paired = team.anybody.post("/api/device/pair", json={"pairing_code": spent, "name": "app"}).json()
    email, password, wrong = "secretive@example.com", f"pass-{secrets.token_hex(12)}", f"guess-{secrets.token_hex(12)}"
    [result] = team.ask("POST", "/api/invites", emails=[email])["results"]
    invite = team.ask("POST", f"/api/invites/{result['invite']['id']}/link")["url"].rpartition("/")[2]
    assert team.anybody.post("/api/invite", json={"token": f"{invite}x"}).status_code == 404
    team.anybody.post("/api/invite/accept", json={"token": invite, "password": password})
    session = team.anybody.post("/api/sessions", json={"email": email, "password": password}).json()["session_token"]
    assert team.anybody.post("/api/sessions", json={"email": email, "password": wrong}).status_code == 401
    signing = team.ask("GET", "/api/webhook-secret")["webhook_secret"]
    idempotency_key = f"idempotent-{secrets.token_hex(12)}"
    query, body = f"query-{secrets.token_hex(12)}", f"body-{secrets.token_hex(12)}"
    host = urlsplit(stack.quickstart.webhook_sink_url)
    login = f"login-{secrets.token_hex(12)}"
    hook = f"https://user:{login}@{host.netloc}{host.path}/secret?token={query}"
    phone = Phone(team.simulator, stack.phone_id)
    for url in (hook, hook.replace("localhost", "10.0.0.1"), hook.replace("localhost", "nowhere.invalid")):
        action = {"title": "Go", "type": "webhook", "url": url, "body": {"password": body}}
        title = team.unique("secret")
        assert push(team.client(made["secret"]), title=title, actions=[action]).status_code == 200
        phone.do("tap", action_id=phone.shows(title)["actions"][0]["id"])
    return Secrets(
        hashed={
            "api key": made["secret"], "session": session, "device": paired["device_token"], "pairing code": code,
            "spent code": spent, "invite": invite, "password": password, "wrong password": wrong,
            "idempotency key": idempotency_key,
            "owner": stack.owner_password, "first key": stack.api_key, "internal": INTERNAL,
        },
        kept={
            "push token": app.push_token, "start token": app.push_to_start_token, "signing key": signing,
            "query of a webhook": query, "body of a webhook": body, "login of a webhook": login,
        },
    )  # fmt: skip


def misuse(team: Team, secret: str) -> None:
    """Sends the secret where it does not belong, in every place that a request has."""
    good = team.owner
    for request in (
        {"headers": {"Authorization": f"Basic {secret}"}},
        {"headers": {"Authorization": f"Bearer {secret} {secret}"}},
        {"headers": {"Authorization": secret}},
        # What clients call their requests is for the logs; only what is known by its prefix is kept out even then.
        {"headers": {"X-Request-Id": secret[:64] if PREFIX.match(secret) else "a-request"}},
        {"headers": {"Content-Type": secret}, "content": b"{}"},
        {"params": {"token": secret, secret: "1"}},
        {"json": {secret: secret}},
        {"json": {"title": {"x": secret}}},
        {"json": {"title": secret * 1000}},  # Too long for APNs: what is accepted is kept as it is.
        {"json": {"slug": secret, "email": secret, "page_token": secret, "name": "\x00" + secret}},
        {"content": b'{"title": "' + secret.encode()},
    ):
        for method, path in (
            ("POST", "/api/push-notification"),
            ("POST", "/api/channels"),
            ("PUT", "/api/live-activity/stream/key"),
            ("POST", "/api/sessions"),
            ("POST", "/api/device/pair"),
            ("GET", "/api/devices"),
        ):
            assert good.request(method, path, **request).status_code < 500
    for path in (f"/api/channels/{secret}", f"/{secret}", f"/api/device/actions/{secret}/run"):
        assert good.patch(path, json={"name": "x"}).status_code < 500
    for credentials in (secret, secret + "x", secret[:-1]):
        assert team.client(credentials).get("/api/account").status_code in (200, 401, 403)
    with socket.create_connection((team.owner.base_url.host, team.owner.base_url.port)) as raw:
        raw.sendall(f"GET /{secret} NONSENSE\r\nAuthorization: Bearer {secret}\r\n\r\n".encode())
        raw.recv(1000)


def repeat(key: httpx.Client, idempotency_key: str) -> None:
    """The same key for two requests."""
    for title in ("one", "two", "one"):
        push_again = {"json": {"title": title}, "headers": {"Idempotency-Key": idempotency_key}}
        assert key.post("/api/push-notification", **push_again).status_code in (200, 409)


def break_things(stack: Stack, team: Team, secret: Secrets) -> None:
    """Makes every process fail while secrets are on their way through it."""
    key = team.client(secret.hashed["api key"])
    [result] = team.ask("POST", "/api/invites", emails=["x@example.com"])["results"]
    token = team.ask("POST", f"/api/invites/{result['invite']['id']}/link")["url"].rpartition("/")[2]
    stack.sql("ALTER TABLE users RENAME COLUMN created_at TO hidden")
    stack.sql("ALTER TABLE notifications RENAME COLUMN created_at TO hidden")
    for answer in (
        push(key, title="traceback"),
        team.anybody.post("/api/invite/accept", json={"token": token, "password": secret.hashed["password"]}),
    ):
        assert answer.status_code == 500, answer.text
    stack.sql("ALTER TABLE users RENAME COLUMN hidden TO created_at")
    stack.sql("ALTER TABLE notifications RENAME COLUMN hidden TO created_at")
    for victim in ("postgres", "core", "delivery", "gateway", "simulator"):
        stack.kill(victim)
        for _ in range(5):
            try:
                push(key, title=f"while {victim} is away")
                team.anybody.post("/api/sessions", json={"email": "a@b.c", "password": secret.hashed["wrong password"]})
            except httpx.HTTPError:
                continue
        stack.wait_answering()
    eventually("pushes are sent again", lambda: push(key, title="again").status_code == 200)


def logs(stack: Stack) -> str:
    """Everything that processes have written for people to read."""
    files = [*stack.data_dir.glob("logs/*"), *Path(stack._output).glob("err")]
    return "\n".join(file.read_text(errors="replace") for file in files)


def forms(secret: str) -> set[str]:
    """What a secret could look like in a log."""
    raw = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    # A password may hold a "_" too: what follows it may be one letter, which is in every log.
    return {secret, PREFIX.sub("", secret), raw.hex(), repr(raw)[2:-1], base64.b64encode(raw).decode(),
            secret.replace("-", "") if len(secret) == 9 else secret}  # fmt: skip


def test_no_secret_is_written_down(talkative: Stack) -> None:
    team = Team.of(talkative)
    made = use(team, talkative)
    for secret in (made.hashed | made.kept).values():
        misuse(team, secret)
    repeat(team.client(made.hashed["api key"]), made.hashed["idempotency key"])
    break_things(talkative, team, made)
    written = logs(talkative)
    assert "incident" in written
    assert " DEBUG " in written
    for what, secret in (made.hashed | made.kept).items():
        assert not [form for form in forms(secret) if form in written], what
    for (table,) in talkative.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        rows = json.dumps(read(talkative, table))
        named = made.hashed if table in CONFIRMABLE or table in ("devices", "live_activity_devices") else (
            made.hashed | made.kept
        )  # fmt: skip
        for what, secret in named.items():
            assert not [form for form in forms(secret) if form in rows], (table, what)


def read(stack: Stack, table: str) -> list[Any]:
    """Every row as text."""
    return [row for (row,) in stack.sql(f'SELECT t::text FROM "{table}" t')]  # type: ignore[misc] # noqa: S608 - from the catalogue
