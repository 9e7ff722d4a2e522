"""What official clients have been seen to send is taken, but for the bodies that their own SDK has broken."""

import httpx
import pytest

from tests.e2e.conftest import second_account
from tests.sdk.wire_bodies import BROKEN, CASES, NAMES, backend, complaint, send
from tests.stack import Stack


@pytest.fixture(scope="module")
def key(stack: Stack) -> httpx.Client:
    """A key of an account of these tests' own."""
    return backend(second_account(stack))


@pytest.mark.parametrize("number", range(len(CASES)), ids=NAMES)
def test_what_official_clients_send_is_taken_unless_their_sdk_has_broken_it(key: httpx.Client, number: int) -> None:
    assert not complaint(number, send(key, number))


@pytest.mark.parametrize("number", [n for n, case in enumerate(CASES) if "ignored" in case and n not in BROKEN])
def test_strict_handling_refuses_the_first_field_that_the_contract_does_not_know(
    key: httpx.Client, number: int
) -> None:
    answer = send(key, number, strict=True)
    assert (answer.status_code, answer.json()["field"]) == (400, CASES[number]["ignored"].split(", ", maxsplit=1)[0])


def test_all_that_was_seen_is_kept() -> None:
    """231 requests of six clients, in Go's case of three versions."""
    assert sum(times for case in CASES for times in case["by"].values()) == 231
    assert {client.split(" ")[0] for case in CASES for client in case["by"]} == {
        "github-action", "go", "node", "php", "python", "ruby",
    }  # fmt: skip
