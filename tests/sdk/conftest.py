"""One account for each language, because the documented examples name channels and streams."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.conftest import second_account
from tests.sdk.packages import LANGUAGES
from tests.sdk.programs import Backend
from tests.stack import Stack
from tests.team import Phone, Team, secret_of


@dataclass
class Account:
    """An account with the documented channels, a phone in both of them, and a backend that may reach everybody."""

    team: Team
    phone: Phone
    engineers_phone: Phone
    """In `engineering`, and not in `ios-builds`."""
    key: str
    backend: Backend


@pytest.fixture(scope="module", params=LANGUAGES)
def account(request: pytest.FixtureRequest, stack: Stack) -> Iterator[Account]:
    """The language's account on the shared server."""
    team = second_account(stack)
    team.ask("PATCH", "/api/account", max_live_activities=100)
    phone, engineers_phone = team.phone(), team.phone()
    for slug, phones in {"ios-builds": [phone], "engineering": [phone, engineers_phone]}.items():
        channel_id = team.ask("POST", "/api/channels", slug=slug)["channel"]["id"]
        for one in phones:
            team.assign_device(channel_id, one)
    key = secret_of(team.key())
    yield Account(team, phone, engineers_phone, key, Backend(request.param, stack.base_url, key))
    for one in (phone, engineers_phone):
        one.remove()
