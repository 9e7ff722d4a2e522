"""A client that is generated in Go or TypeScript as docs/grpc.md says sends pushes to a real server."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.answers import same_text
from tests.docs.reading import ROOT, Block, read
from tests.stack import Stack
from tests.team import Phone, Team, secret_of

# The first time Go's modules are fetched and compiled.
pytestmark = [pytest.mark.other_languages, pytest.mark.timeout(900)]

DOCUMENT = "docs/grpc.md"
DOCUMENTED_ADDRESS = "127.0.0.1:50051"
EXAMPLES = "docs/examples/grpc"
LANGUAGES = {"in-go": "go/main.go", "in-typescript": "typescript/src/push.ts"}
"""Sections of the document, and the programs that they run."""
LEFTOVERS = ("gen", "node_modules", "dist")


@dataclass
class Client:
    """A client as its section of the document has made it."""

    commands: list[str]
    """What the document says to type, one a line."""
    shown: str
    """What it says that these commands print."""
    clone: Path
    key: str

    def type(self, *commands: str, key: str | None = None) -> subprocess.CompletedProcess[str]:
        """Types commands in a shell at the top of the clone."""
        return subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", "\n".join(commands)],
            cwd=self.clone,
            env=environment() | {"ACTIVITYSMITH_API_KEY": key or self.key},
            capture_output=True,
            text=True,
            timeout=800,
            check=False,
        )


def environment() -> dict[str, str]:
    """This one, with the project's tools and Go on the PATH."""
    go = subprocess.run([ROOT / "scripts/find_go.sh"], capture_output=True, text=True, timeout=60, check=False)
    assert go.returncode == 0, go.stderr
    folders = [str(Path(go.stdout.strip()).parent), str(Path(sys.executable).parent), os.environ["PATH"]]
    # GOROOT would name the folder of another Go than the one that was found.
    return {name: value for name, value in os.environ.items() if name != "GOROOT"} | {"PATH": ":".join(folders)}


def blocks_of(section: str) -> tuple[Block, Block]:
    """The section's commands, and what they print."""
    commands, shown = (block for block in read(DOCUMENT).blocks if block.section == section)
    return commands, shown


@pytest.fixture(scope="module")
def team(stack: Stack) -> Team:
    """The shared server's account."""
    return Team.of(stack)


@pytest.fixture(scope="module")
def audience(team: Team) -> tuple[Phone, str]:
    """A phone, and a key that reaches this phone only."""
    slug, channel_id = team.channel()
    return team.phone(channel_id=channel_id), secret_of(team.key(slug))


@pytest.fixture(scope="module", params=LANGUAGES)
def client(
    request: pytest.FixtureRequest, stack: Stack, audience: tuple[Phone, str], tmp_path_factory: pytest.TempPathFactory
) -> Client:
    """A fresh clone, whose examples call the server of this test."""
    clone = tmp_path_factory.mktemp("clone")
    shutil.copy(ROOT / "buf.yaml", clone)
    for folder in ("proto", "third_party"):
        shutil.copytree(ROOT / folder, clone / folder)
    shutil.copytree(ROOT / EXAMPLES, clone / EXAMPLES, ignore=shutil.ignore_patterns(*LEFTOVERS))
    program = clone / EXAMPLES / LANGUAGES[request.param]
    text = program.read_text()
    assert DOCUMENTED_ADDRESS in text
    program.write_text(text.replace(DOCUMENTED_ADDRESS, stack.core_address))
    commands, shown = blocks_of(request.param)
    return Client(commands.text.splitlines(), shown.text, clone, audience[1])


def test_a_client_that_is_generated_as_the_document_says_sends_a_push(
    client: Client, audience: tuple[Phone, str]
) -> None:
    phone, _ = audience
    before = len(phone.notifications())
    ran = client.type(*client.commands)
    assert ran.returncode == 0, ran.stderr
    assert same_text(client.shown, ran.stdout.splitlines()[-1]), ran.stdout
    notifications = phone.notifications()
    assert len(notifications) == before + 1
    assert notifications[0]["title"] == "Deploy finished"


def test_a_refusal_reaches_the_generated_client_with_its_code_and_words(client: Client) -> None:
    folder, *_, send = client.commands
    ran = client.type(folder, send, key="ask_of_nothing")
    assert ran.returncode == 1
    assert "Unauthenticated" in ran.stderr
    assert "The secret in the Authorization header is unknown" in ran.stderr
