"""Numbers for the icon while processes are killed: APNs never sees an older one after a newer one."""

import threading
from contextlib import suppress

import httpx
import pytest

from tests.stack import Stack
from tests.team import Phone, Team
from tests.waiting import eventually

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize("victim", ["core", "delivery"])
def test_the_phone_ends_at_the_newest_number_and_saw_them_in_their_order_though_a_process_is_killed(
    breakable: Stack, team: Team, phone: Phone, victim: str
) -> None:
    team.ask("PATCH", "/api/account", rate_limit_per_minute=1_000_000)
    key, over = team.key(), threading.Event()
    start = phone.read()["badge"]
    answered = [start]

    def count_up() -> None:
        number = start
        while not over.is_set():
            number += 1
            with suppress(httpx.HTTPError):
                answer = key.post("/api/badge", json={"badge": number})
                assert answer.status_code in (200, 503), answer.text
                if answer.status_code == 200:
                    answered.append(number)

    # Answers that take a while: there is nearly always an attempt in progress.
    team.faults(settings={"latency_seconds": 0.1, "latency_jitter_seconds": 0.2})
    counting = threading.Thread(target=count_up)
    counting.start()
    try:
        for _ in range(3):
            before = len(answered)
            eventually("numbers are set", lambda before=before: len(answered) >= before + 5)
            breakable.kill(victim)
            breakable.wait_answering()
    finally:
        over.set()
        counting.join()
        team.no_faults()
    newest = answered[-1] + 1_000
    eventually("the last one is set", lambda: key.post("/api/badge", json={"badge": newest}).status_code == 200)
    eventually("the icon has it", lambda: phone.read()["badge"] == newest)
    numbers = [one["document"]["aps"]["badge"] for one in team.sent_to(phone.read()["push_token"])]
    assert numbers == sorted(numbers), "none is older than one before it"
    assert numbers[-1] == newest
