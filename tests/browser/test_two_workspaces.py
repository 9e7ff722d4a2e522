"""One person in two workspaces and two tabs: what a page does happens in the workspace that it shows, or nowhere."""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.conftest import OpenSignedIn, session_of
from tests.http_client import plain_http_client
from tests.smith_command import answer
from tests.stack import Stack

pytestmark = pytest.mark.thorough

FIRST, SECOND = "My team", "Team B"
CLICK = """(name) => [...document.querySelectorAll('button')]
    .filter((button) => (button.querySelector('.block') ?? button).textContent.trim() === name).at(-1)?.click()"""


@dataclass(frozen=True)
class Person:
    """Somebody who belongs to both workspaces."""

    session: str
    """Of the web admin."""
    in_second: httpx.Client
    """Asks the API about the second workspace."""

    def switch_to_second(self) -> None:
        """As another tab does it."""
        accounts = self.in_second.get("/api/account").json()["accounts"]
        [second] = [account["account_id"] for account in accounts if account["name"] == SECOND]
        session = {"Authorization": f"Bearer {self.session}"}
        moved = self.in_second.put("/api/sessions/current/account", json={"account_id": second}, headers=session)
        assert moved.status_code == 200, moved.text

    def second(self) -> dict[str, Any]:
        """All that the pages of the test could change in the second workspace."""
        paths = ("/api/account", "/api/push-notifications", "/api/api-keys", "/api/channels", "/api/invites")
        found = {path: self.in_second.get(path) for path in paths}
        assert {answer.status_code for answer in found.values()} == {200}
        return {path: answer.json() for path, answer in found.items()}


class News:
    """What the server tells a page from its next navigation on."""

    def __init__(self, page: Page) -> None:
        self._is_held = False
        self._kept: list[tuple[WebSocketRoute, str | bytes]] = []
        page.route_web_socket(re.compile("/_nicegui_ws/"), self._connect)

    @contextmanager
    def held(self) -> Iterator[None]:
        """It comes at the end of the block."""
        self._is_held = True
        yield
        self._is_held = False
        for route, message in self._kept:
            route.send(message)

    def _connect(self, route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def hand_on(message: str | bytes) -> None:
            if self._is_held:
                self._kept.append((route, message))
            else:
                route.send(message)

        server.on_message(hand_on)


@pytest.fixture(scope="module")
def person(place: Stack) -> Iterator[Person]:
    """Owner of the second workspace, and invited to the first one as an owner."""
    email = f"pat-{uuid.uuid4().hex[:8]}@team.test"
    password = answer(place.data_dir, "account", "create", SECOND, "--email", email, "--generate-password")["password"]
    with plain_http_client(place.base_url) as owner, plain_http_client(place.base_url) as pat:
        pat.headers["Authorization"] = f"Bearer {_session(pat, email, password)}"
        owner.headers["Authorization"] = f"Bearer {_session(owner, place.owner_email, place.owner_password)}"
        [result] = owner.post("/api/invites", json={"emails": [email], "role": "owner"}).json()["results"]
        link = owner.post(f"/api/invites/{result['invite']['id']}/link").json()["url"]
        joined = pat.post("/api/invite/accept", json={"token": link.rpartition("/")[2], "password": password})
        assert joined.status_code == 200, joined.text
        yield Person(session_of(place, email, password), pat)


def _session(client: httpx.Client, email: str, password: str) -> str:
    made = client.post("/api/sessions", json={"email": email, "password": password})
    assert made.status_code == 200, made.text
    return str(made.json()["session_token"])


def _compose_a_push(page: Page) -> None:
    page.get_by_role("textbox", name="Title", exact=True).fill("Only for the first team")


def _rename_the_workspace(page: Page) -> None:
    page.get_by_label("Name", exact=True).first.fill("Renamed on the page of the first team")


def _name_a_key(page: Page) -> None:
    page.get_by_role("button", name="Create API key").first.click()
    page.get_by_label("Name", exact=True).fill("For the first team")


@pytest.mark.parametrize(
    ("path", "fill_in", "button"),
    [
        ("/playground", _compose_a_push, "Send the push"),
        ("/settings", _rename_the_workspace, "Save name"),
        ("/api-keys", _name_a_key, "Create key"),
    ],
)
def test_a_page_acts_only_in_the_workspace_that_it_was_drawn_for(
    person: Person, open_signed_in: OpenSignedIn, *, path: str, fill_in: Callable[[Page], None], button: str
) -> None:
    first = open_signed_in(person.session)
    news = News(first)
    _be_in(first, FIRST)
    first.goto(path)
    first.wait_for_function("() => window.socket?.connected")
    fill_in(first)
    before = person.second()
    with news.held():
        # A second later the page would notice by itself, and show the second workspace.
        person.switch_to_second()
        first.evaluate(CLICK, button)
    first.wait_for_url(re.compile(r":\d+/$"))
    expect(first.locator(".person-account")).to_have_text(SECOND)
    assert person.second() == before


def _be_in(page: Page, workspace: str) -> None:
    page.goto("/account")
    page.wait_for_function("() => window.socket?.connected")
    if page.locator(".person-account").inner_text() != workspace:
        page.get_by_role("button", name=f"Switch to {workspace}").click()
        page.wait_for_url(re.compile(r":\d+/$"))
    expect(page.locator(".person-account")).to_have_text(workspace)
