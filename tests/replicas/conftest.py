"""One running layout for each module: those who restart its processes must not be in the others' way."""

from collections.abc import Iterator

import pytest

from tests.replicas.layout import Layout
from tests.team import Team


@pytest.fixture(scope="module")
def layout(request: pytest.FixtureRequest) -> Iterator[Layout]:
    """Two of each process, with the `SETTINGS` of the module if it has any."""
    with Layout(
        SMITH_RATE_LIMIT_PER_MINUTE="1000000",
        SMITH_MAX_LIVE_ACTIVITIES="10000",
        SMITH_MAX_LIVE_ACTIVITIES_PER_DEVICE="10000",
        # As behind a reverse proxy on this machine: tests can come from addresses of their own.
        SMITH_TRUSTED_PROXIES="127.0.0.1",
        **getattr(request.module, "SETTINGS", {}),
    ) as running:
        yield running


@pytest.fixture(scope="module")
def team(layout: Layout) -> Team:
    """The account."""
    return layout.team()
