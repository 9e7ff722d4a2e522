"""Passwords: one form whatever the keyboard, and turns that are not taken from the others."""

import asyncio
import unicodedata
from collections import Counter
from typing import Any

import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import VerifyMismatchError
from hypothesis import given
from hypothesis import strategies as st

from core_service.auth.passwords import Match, Passwords, hash_of_no_password, prepared
from core_service.work_queue.keyed import FairSemaphore, Room
from service_kit.errors import Unavailable
from tests.core.harness import CHEAP_HASHER, Account, refusal
from tests.waiting import eventually_async

WEAK = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}
COMPOSED = unicodedata.normalize("NFC", "Größe für Ä und é")
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)


@given(st.text(max_size=50))
def test_a_password_has_one_form(password: str) -> None:
    form = prepared(password)
    assert prepared(form) == form
    assert prepared(unicodedata.normalize("NFD", password)) == prepared(unicodedata.normalize("NFC", password))
    if password.isascii():
        assert form == password


@pytest.mark.parametrize(
    ("typed", "as_well"),
    [
        (COMPOSED, DECOMPOSED),
        ("no-break\u00a0space here", "no-break space here"),
        ("ideographic\u3000space", "ideographic space"),
    ],
)
async def test_a_password_is_right_however_its_letters_are_put_together(typed: str, as_well: str) -> None:
    passwords = Passwords(PasswordHasher(**WEAK))
    for given_first, given_then in ((typed, as_well), (as_well, typed)):
        stored = await passwords.hash(given_first)
        assert await passwords.verify(given_then, stored) is Match.YES
    assert await passwords.verify(typed.casefold() + "x", await passwords.hash(typed)) is Match.NO


async def test_a_hash_of_what_was_typed_goes_on_and_is_replaced(account: Account) -> None:
    """As releases before have stored it."""
    as_it_came = CHEAP_HASHER.hash(DECOMPOSED)
    await account.core.sql("UPDATE users SET password_hash = %s WHERE id = %s", as_it_came, account.owner_id)
    refused = account.core.caller(address="198.51.100.9").CreateSession(email=account.email, password=COMPOSED)
    assert (await refusal(refused)).reason == "UNAUTHENTICATED"
    await account.sign_in(account.email, DECOMPOSED)
    await account.sign_in(account.email, COMPOSED)
    await account.sign_in(account.email, DECOMPOSED)


@pytest.mark.parametrize("other", [{}, WEAK, WEAK | {"hash_len": 24, "salt_len": 12, "type": Type.I}])
def test_what_stands_for_the_hash_of_no_person_has_the_form_of_a_real_one_and_no_password_fits_it(
    other: dict[str, Any],
) -> None:
    hasher = PasswordHasher(**other)
    real, made = hasher.hash("something"), hash_of_no_password(hasher)
    assert extract_parameters(made) == extract_parameters(real)
    assert len(made) == len(real)
    assert made.rpartition("$")[0].rpartition("$")[0] == real.rpartition("$")[0].rpartition("$")[0]
    assert made != hash_of_no_password(hasher)
    with pytest.raises(VerifyMismatchError):
        hasher.verify(made, "something")


async def test_a_password_is_wrong_where_no_hash_is_stored() -> None:
    passwords = Passwords(CHEAP_HASHER)
    for stored in (None, ""):
        assert await passwords.verify("something", stored) is Match.NO


class Queue:
    """Those who have got a turn, in order, until they are let go."""

    def __init__(self, turns: FairSemaphore) -> None:
        self._turns = turns
        self.served: list[str] = []
        self.refused: Counter[str] = Counter()
        self._go = asyncio.Event()

    def come(self, person: str, network: str = "") -> "asyncio.Task[None]":
        """One more."""

        async def stay() -> None:
            try:
                async with self._turns.turn(person, network):
                    self.served.append(person)
                    await self._go.wait()
            except Unavailable:
                self.refused[person] += 1

        return asyncio.create_task(stay())

    def go(self) -> None:
        """Everybody may go."""
        self._go.set()


async def test_who_comes_often_waits_behind_who_comes_once() -> None:
    queue = Queue(FairSemaphore(1, Room(total=100, person=100, network=100)))
    tasks = [queue.come("greedy") for _ in range(20)]
    await asyncio.sleep(0)
    tasks += [queue.come(name) for name in ("ann", "bob")]
    await asyncio.sleep(0)
    queue.go()
    await asyncio.gather(*tasks)
    assert queue.served[:4] == ["greedy", "greedy", "ann", "bob"]
    assert Counter(queue.served) == {"greedy": 20, "ann": 1, "bob": 1}


async def test_one_person_and_one_network_leave_room_for_others() -> None:
    queue = Queue(FairSemaphore(1, Room(total=10, person=3, network=5)))
    tasks = [queue.come("greedy", "a") for _ in range(9)] + [queue.come(f"of a {number}", "a") for number in range(9)]
    tasks += [queue.come(f"of {number}", f"{number}") for number in range(9)]

    async def all_have_come() -> bool:
        return queue.refused.total() == 27 - 11

    await eventually_async("what is too much was turned away", all_have_come)
    assert queue.refused["greedy"] == 5
    assert sum(queue.refused[f"of a {number}"] for number in range(9)) == 7
    queue.go()
    await asyncio.gather(*tasks)
    assert Counter(queue.served)["greedy"] == 4


@pytest.mark.parametrize("first_of_all", ["who waits leaves", "who is served leaves"])
async def test_a_turn_of_somebody_who_has_left_goes_to_the_next(first_of_all: str) -> None:
    turns = FairSemaphore(1, Room(total=10, person=10, network=10))
    queue = Queue(turns)
    first, second, third = (queue.come(name, "net") for name in ("first", "second", "third"))
    await asyncio.sleep(0)
    leaving = [second.cancel, queue.go]
    for leave in leaving if first_of_all == "who waits leaves" else reversed(leaving):
        leave()
    await asyncio.gather(first, second, third, return_exceptions=True)
    assert queue.served == ["first", "third"]
    async with turns.turn("fourth", "net"):
        assert not turns._lines
