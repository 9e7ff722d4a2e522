"""The push that sets the number on the app's icon.

Apple ("Generating a remote notification"): `badge` is the number to display on the app's icon, and 0 removes the badge.
A push of type alert whose `aps` has neither alert nor sound shows and plays nothing.

Apple ("Sending notification requests to APNs"): a push of priority 10 is sent at once, and must trigger an alert, sound
or badge. One of priority 5 is sent with regard to the phone's power; it may be throttled, or not delivered at all.
Nothing repeats the number after APNs has accepted it. So it is sent with 10.
"""

import datetime as dt
import uuid

from core_service.common.validation import write_json
from core_service.sending.port import About, Push, PushEvent
from service_kit.tracing import Origin

COLLAPSE_ID = "badge"
"""Of two numbers that wait for a phone that is off, APNs keeps the newer one."""
PRIORITY = 10
KEPT = dt.timedelta(days=30)
"""How long APNs keeps the number for a phone that is off: as long as it keeps anything."""


def badge_push(account_id: uuid.UUID, update_id: uuid.UUID, number: int, origin: Origin, moment: dt.datetime) -> Push:
    """The push of a number, without targets. It is sent at `moment`."""
    return Push(
        write_json({"aps": {"badge": number}}),
        moment + KEPT,
        collapse_id=COLLAPSE_ID,
        priority=PRIORITY,
        about=About(account_id, str(update_id), PushEvent.BADGE),
        origin=origin,
    )
