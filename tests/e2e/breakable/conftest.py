"""One server that the tests here hurt one after the other: it recovers each time. Each module has its own account."""

from collections.abc import Iterator

import pytest

from tests.conftest import MakeStack
from tests.e2e.conftest import second_account
from tests.stack import Stack
from tests.team import Phone, Team


@pytest.fixture(scope="package")
def breakable(make_stack: MakeStack) -> Iterator[Stack]:
    """The server. Its processes may be killed and its APNs broken; what a test has broken, it heals.

    Its parts run apart, so that each can be killed alone. `tests/test_single_process.py` kills them together.
    """
    stack = make_stack(SMITH_SINGLE_PROCESS="0")
    yield stack
    stack.discard()


@pytest.fixture(scope="module")
def team(breakable: Stack) -> Team:
    """An account of the module's own."""
    breakable.wait_answering()
    return second_account(breakable)


@pytest.fixture(scope="module")
def phone(team: Team) -> Phone:
    """Its first phone."""
    return team.phone()
