"""What docs/sdks.md shows in Python and in Node runs as it stands and does what the text beside it says."""

import re

import pytest

from tests.sdk.programs import REPOSITORY, Backend, environment, run_node, run_python
from tests.stack import Stack
from tests.team import Team, secret_of

GATEWAY = "http://127.0.0.1:8000"
DOCUMENT = (REPOSITORY / "docs" / "sdks.md").read_text()
BLOCKS = {
    f"{language}-{number}": (language, block)
    for language in ("python", "js")
    for number, block in enumerate(re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL), start=1)
}
REFUSED = "404 Live Activity stream not found No Live Activity stream found for stream_key: no-such-stream"


@pytest.fixture(scope="module")
def team(stack: Stack) -> Team:
    """The shared server's account."""
    return Team.of(stack)


@pytest.mark.parametrize(("language", "program"), BLOCKS.values(), ids=BLOCKS.keys())
def test_the_documents_program_works(team: Team, language: str, program: str) -> None:
    slug, channel_id = team.channel()
    phone, key = team.phone(channel_id=channel_id), secret_of(team.key(slug))
    assert GATEWAY in program
    # Without the variable, what changes the host from outside does nothing: the program must do it.
    env = environment("", key)
    own = program.replace(GATEWAY, team.base_url)
    printed = run_python(own, env) if language == "python" else run_node(own, env)
    if "no-such-stream" in program:
        assert printed.strip() == REFUSED
    else:
        [title] = set(re.findall(r'title"?: "([^"]+)"', program))
        phone.shows(title)
    phone.remove()


def test_the_document_has_programs_of_both_languages() -> None:
    assert {language for language, _ in BLOCKS.values()} == {"python", "js"}


def test_commonjs_programs_are_led_to_the_server_too(stack: Stack, team: Team) -> None:
    slug, channel_id = team.channel()
    phone, key = team.phone(channel_id=channel_id), secret_of(team.key(slug))
    program = """
        const ActivitySmith = require("activitysmith");
        const activitysmith = new ActivitySmith({ apiKey: process.env.ACTIVITYSMITH_API_KEY });
        activitysmith.notifications.send({ title: "from CommonJS" }).then((answer) => console.log(answer.success));
    """
    assert run_node(program, environment(stack.base_url + "/", key), module="commonjs").strip() == "true"
    phone.shows("from CommonJS")
    phone.remove()


def test_the_documented_error_handling_of_node_catches_what_is_refused(team: Team) -> None:
    slug, channel_id = team.channel()
    phone, key = team.phone(channel_id=channel_id), secret_of(team.key(slug))
    assert Backend("node", team.base_url, key).output("errors") == ""
    phone.shows("Hello")
    assert "ResponseError" in Backend("node", team.base_url, "ask_wrong").output("errors")
    phone.remove()
