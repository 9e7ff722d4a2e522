"""Dex, a server that signs people in by it, and a browser."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.browser.conftest import chromium, playwright
from tests.conftest import MakeStack
from tests.docs.reading import ROOT
from tests.stack import ANY_PORT, Stack

__all__ = ["chromium", "playwright"]

CLIENT_SECRET = "a secret of the client"
PASSWORD = "a password at Dex"


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

    def stop(self) -> None:
        """Ends it."""
        self.process.kill()
        self.process.wait()

    def _tell(self, method: str, **told: object) -> None:
        httpx.request(method, self.control, json=told, trust_env=False, timeout=30).raise_for_status()


@pytest.fixture(scope="package")
def dex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dex]:
    """Dex, which knows no person yet."""
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
    log = program.with_name("log").open("w")
    with log, subprocess.Popen([program, CLIENT_SECRET], stdout=subprocess.PIPE, stderr=log, text=True) as process:
        assert process.stdout is not None
        issuer, control = process.stdout.readline().split()
        running = Dex(process, issuer, control)
        yield running
        running.stop()


@pytest.fixture(scope="package")
def place(dex: Dex, make_stack: MakeStack) -> Iterator[Stack]:
    """A server whose people sign in by Dex."""
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
