"""What a Live Activity may be: small enough for a push, and within the account's number."""

import datetime as dt

from core_service.live_activities.errors import LimitReached
from core_service.live_activities.state.change import State
from core_service.live_activities.state.payload import PayloadBuilder
from core_service.live_activities.state.store import Turn

ATTEMPTS = 20
"""How often a change is tried again when another one was faster."""
DEVICES = "Live Activity devices"


def require_room(builder: PayloadBuilder, activity_id: str, state: State) -> None:
    """Raises PayloadTooLarge if the state does not fit in a push."""
    builder.require_room(
        activity_id, state.content_state, state.action, state.starting_alert(), asked=state.alert is not None
    )


async def require_vacancy(turn: Turn, default_limit: int, now: dt.datetime, *, replaces: str | None = None) -> None:
    """Raises LimitReached if the account has as many activities as it may, without the one to be replaced."""
    limit = turn.limit or default_limit
    active = await turn.count_active(now, replaces=replaces)
    if active >= limit:
        raise LimitReached(limit, active)
