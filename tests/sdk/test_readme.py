"""Every example in the READMEs of the official SDKs works, and the phone's screen shows what it says."""

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import second_account
from tests.sdk.drivers import Outcome, Sdk
from tests.sdk.packages import LANGUAGES, PINNED
from tests.sdk.programs import node_is_installed
from tests.sdk.readme import Example, examples
from tests.sdk.screens import SCREENS, Reader, expected
from tests.stack import Stack

ALL = {language: examples(PINNED, language) for language in LANGUAGES}
COUNTS = {"python": 32, "node": 27}


@pytest.fixture(scope="module", params=LANGUAGES)
def reader(request: pytest.FixtureRequest, stack: Stack) -> Iterator[Reader]:
    """Who tries the examples of one language."""
    with Sdk(request.param, stack.base_url) as sdk:
        yield Reader(second_account(stack), sdk, ALL[request.param])


@pytest.fixture(autouse=True)
def clear(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leaves nothing on the phone for the next example."""
    yield
    if "reader" in request.fixturenames:
        request.getfixturevalue("reader").clear()


def each(language: str) -> list[object]:
    """The examples of a language, as parameters."""
    return [pytest.param(language, one, id=one.name) for one in ALL[language]]


@pytest.mark.parametrize(("reader", "example"), [*each("python"), *each("node")], indirect=["reader"], scope="module")
def test_an_example_does_what_it_says(reader: Reader, example: Example) -> None:
    assert reader.run(example) == Outcome(), example.code
    seen = expected(example)
    assert seen is not None, "this example was not looked at"
    reader.sees(seen)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_example_of_the_readme_was_looked_at(language: str) -> None:
    node_is_installed()
    assert len(ALL[language]) == COUNTS[language]
    there = [(one.heading, one.place) for one in ALL[language]]
    looked_at = [(heading, place) for heading, screens in SCREENS[language].items() for place in range(len(screens))]
    assert sorted(there) == sorted(looked_at)
