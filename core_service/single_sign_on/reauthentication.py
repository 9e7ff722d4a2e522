"""When a person proved to the provider who they are. OpenID Connect Core 1.0, 2 (`auth_time`) and 3.1.2.1 (`max_age`).

A session at the provider may be days old, so that a sign-in alone does not show who sits there. `auth_time` says when
the provider asked them.
"""

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any

from core_service.single_sign_on.errors import NotReauthenticated
from core_service.single_sign_on.id_token import CLOCK_SECONDS

log = logging.getLogger(__name__)

CLOCKS = dt.timedelta(seconds=CLOCK_SECONDS)
INSTEAD = (
    'A password here shows it as well: choose "Other ways to sign in", then "Forgot password?", and give it where '
    "you are asked for it."
)
"""The way that needs nothing of the provider."""


def read_auth_time(claims: Mapping[str, Any]) -> dt.datetime | None:
    """When the person authenticated, by the claims of an ID token; None if they do not say it in a usable way."""
    said = claims.get("auth_time")
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    try:
        return dt.datetime.fromtimestamp(said, dt.UTC)
    except (OverflowError, ValueError, OSError):
        return None


def credible(auth_time: dt.datetime | None, moment: dt.datetime) -> dt.datetime | None:
    """The time to count from, `moment` (now) at the latest; None if there is none, or if it is further ahead than
    clocks may differ."""
    return None if auth_time is None or auth_time > moment + CLOCKS else min(auth_time, moment)


def require_after(auth_time: dt.datetime | None, since: dt.datetime, moment: dt.datetime, name: str) -> None:
    """Lets pass what shows that the person authenticated after `since`. Clocks may differ by a minute. `name` is what
    people call the provider, and `moment` is now.

    Raises NotReauthenticated.
    """
    if auth_time is None:
        log.warning("single sign-on: an ID token has no auth_time, although max_age was sent: it is no proof")
        raise NotReauthenticated(
            f"{name} does not say when it last asked you to sign in, so this does not show that it is you. {INSTEAD} "
            "Who runs this server can also have the time added: docs/single-sign-on.md says how."
        )
    if auth_time > moment + CLOCKS:
        log.warning("single sign-on: auth_time of an ID token is in the future: %s", auth_time.isoformat())
        raise NotReauthenticated(
            f"{name} says that it asked you to sign in at a time in the future, so this does not show that it "
            "is you. Its clock or the clock of this server is wrong. Ask who runs this server."
        )
    if auth_time < since - CLOCKS:
        log.warning("single sign-on: the provider did not ask a person again: auth_time is %s", auth_time.isoformat())
        raise NotReauthenticated(
            f"{name} did not ask you to sign in again, so this does not show that it is you. Sign out at {name}, then "
            f"begin again. {INSTEAD}"
        )
