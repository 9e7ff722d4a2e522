"""Dex, a server that signs people in by it, and a browser."""

import itertools
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import WINDOW, Chromium, chromium, playwright
from tests.conftest import MakeStack
from tests.docs.reading import ROOT
from tests.stack import ANY_PORT, Stack
from tests.waiting import LONG

__all__ = ["chromium", "playwright"]

CLIENT_SECRET = "a secret of the client"
PASSWORD = "a password at Dex"

numbers = itertools.count(1)
Browse = Callable[[Stack], Page]


@dataclass
class Dex:
    """A running Dex."""

    process: subprocess.Popen[str]
    issuer: str
    control: str

    def let_in(self, redirect_url: str) -> None:
        """Makes the server its client, once it is known where browsers find it."""
        self._tell("PUT", redirect=redirect_url)

    def knows(self, email: str, *groups: str) -> None:
        """The person has a password there, and these groups from now on."""
        self._tell("POST", email=email, password=PASSWORD, name=email.partition("@")[0].title(), groups=list(groups))

    def forgets(self, email: str) -> None:
        """The person is gone."""
        self._tell("DELETE", email=email)

    def ages(self, email: str) -> None:
        """The person has signed in an hour earlier than they have. Needs sessions."""
        self._tell("PATCH", email=email)

    def stop(self) -> None:
        """Ends it."""
        self.process.kill()
        self.process.wait()

    def _tell(self, method: str, **told: object) -> None:
        httpx.request(method, self.control, json=told, trust_env=False, timeout=LONG).raise_for_status()


@pytest.fixture(scope="package")
def dex_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dex, built."""
    go = subprocess.run([ROOT / "scripts/find_go.sh"], capture_output=True, text=True, timeout=60, check=False)
    assert go.returncode == 0, go.stderr
    program = tmp_path_factory.mktemp("dex") / "dex"
    built = subprocess.run(
        [go.stdout.strip(), "build", "-o", program, "."],
        cwd=Path(__file__).with_name("dex"),
        env={name: value for name, value in os.environ.items() if name != "GOROOT"} | {"CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return program


@contextmanager
def running_dex(program: Path, *options: str) -> Iterator[Dex]:
    """Dex, which knows no person yet."""
    log = program.with_name("-".join(("log", *options))).open("w")
    command = [program, CLIENT_SECRET, *options]
    with log, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process:
        assert process.stdout is not None
        issuer, control = process.stdout.readline().split()
        running = Dex(process, issuer, control)
        yield running
        running.stop()


@contextmanager
def place_of(dex: Dex, make_stack: MakeStack) -> Iterator[Stack]:
    """A server whose people sign in by this Dex."""
    stack = make_stack(
        SMITH_ADMIN_PORT=ANY_PORT,
        SMITH_OIDC_ISSUER=dex.issuer,
        SMITH_OIDC_CLIENT_ID="smith",
        SMITH_OIDC_CLIENT_SECRET=CLIENT_SECRET,
        SMITH_OIDC_NAME="Dex",
        SMITH_OIDC_OWNER_GROUPS="ops",
        SMITH_OIDC_MEMBER_GROUPS="staff",
    )
    dex.let_in(f"{stack.admin_url}/single-sign-on/callback")
    yield stack
    stack.discard()


@pytest.fixture(scope="package")
def dex(dex_program: Path) -> Iterator[Dex]:
    """Dex as it is by itself: it has no sessions, so it asks everybody each time."""
    with running_dex(dex_program) as running:
        yield running


@pytest.fixture(scope="package")
def place(dex: Dex, make_stack: MakeStack) -> Iterator[Stack]:
    """A server whose people sign in by Dex."""
    with place_of(dex, make_stack) as stack:
        yield stack


@pytest.fixture
def browse(chromium: Chromium) -> Iterator[Browse]:
    """Opens a browser of somebody's own at a server."""
    contexts: list[BrowserContext] = []

    def open_one(place: Stack) -> Page:
        contexts.append(chromium.new_context(base_url=place.admin_url, viewport=WINDOW))
        return contexts[-1].new_page()

    yield open_one
    for context in contexts:
        chromium.close(context)


def fill_in(page: Page, email: str) -> None:
    """At Dex, which asks the person."""
    page.locator("[name=login]").fill(email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[type=submit]").click()


def somebody(dex: Dex, *groups: str) -> str:
    """The address of a new person at Dex."""
    email = f"ann-{next(numbers)}@corp.test"
    dex.knows(email, *groups)
    return email
