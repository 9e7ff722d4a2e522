"""An activity, a device that it is owed to, and what becomes of pushes, as the rules of reconciliation read them."""

import datetime as dt
import uuid
from typing import Any

from core_service.live_activities.reconcile.planning import Claim
from core_service.live_activities.state.activity import LIFETIME, Activity
from core_service.sending.port import Outcome, OutcomeKind

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
ACCEPTED = Outcome(OutcomeKind.ACCEPTED)
UNHEARD = Outcome(OutcomeKind.RETRY, "no answer", maybe_accepted=True)
REFUSED = Outcome(OutcomeKind.RETRY, "TooManyRequests")
NEVER = Outcome(OutcomeKind.REJECTED, "PayloadTooLarge")


def activity(version: int = 3, **columns: Any) -> Activity:
    """An activity."""
    usual: dict[str, Any] = {
        **dict.fromkeys(Activity.__dataclass_fields__),
        "id": "a" * 32,
        "account_id": uuid.uuid4(),
        "version": version,
        "content_state": '{"title":"t"}',
        "alert_version": 0,
        "urgent_version": 1,
        "updates": 0,
        "quiet_start": False,
        "created_at": NOW,
        "heard_at": NOW,
        "expires_at": NOW + LIFETIME,
    }
    return Activity(**(usual | columns))


def claim(**columns: Any) -> Claim:
    """A claimed row of a live device."""
    usual: dict[str, Any] = {
        **dict.fromkeys(Claim._fields),
        "activity_id": "a" * 32,
        "device_id": uuid.UUID(int=1),
        "user_id": uuid.UUID(int=2),
        "phase": "live",
        "update_token": "u",
        "start_token": "s",
        "environment": "sandbox",
        "accepted_version": 2,
        "sent_version": 2,
        "sent_event": "update",
        "timestamp": int(NOW.timestamp()),
        "apns_id": uuid.UUID(int=3),
        "attempt": 5,
        "failures": 0,
        "leased": False,
        "frequent": False,
    }
    return Claim(**(usual | columns))
