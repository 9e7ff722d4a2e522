"""What the delivery service is to core: it takes pushes and returns outcomes."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Protocol

from service_kit.tracing import NO_ORIGIN, Origin


class PushType(Enum):
    """The kinds of push that Apple keeps apart."""

    ALERT = auto()
    LIVE_ACTIVITY = auto()
    BROADCAST = auto()
    """To a broadcast channel of a Live Activity, which takes the place of the token."""


class OutcomeKind(Enum):
    """What can become of a push. The delivery service maps Apple's reasons to all of these but HELD."""

    ACCEPTED = auto()
    RETRY = auto()
    TOKEN_DEAD = auto()
    REJECTED = auto()
    MISCONFIGURED = auto()
    HELD = auto()
    """It was not sent, because its route to APNs is stopped (see core_service/sending)."""


class Concern(Enum):
    """Whom the reason of a failure concerns, as the delivery service says (`smith.delivery.v1.Concern`)."""

    SENDER = auto()
    """The server's key, team or clock: every push of the environment."""
    TOPIC = auto()
    """The app's bundle id: every push to it in the environment."""
    TOKEN_OR_SERVER = auto()
    """This token; or the server, if most tokens are refused like it."""
    TOKEN = auto()
    REQUEST = auto()
    LOAD = auto()
    NETWORK = auto()
    APNS = auto()
    SERVER = auto()


NO_DEVICE = uuid.UUID(int=0)
"""What stands for the device where a push reaches phones that are not known: those that listen to a broadcast."""

ROUTE_STOPPED = "LineStopped"
"""The reason of what was held."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one target."""

    verdict: OutcomeKind
    reason: str = ""
    """APNs' reason or the delivery service's; empty if accepted."""
    retry_after_seconds: float = 0.0
    """Least time before the next attempt."""
    dead_since: dt.datetime | None = None
    """When APNs knew the token to be dead, if it said."""
    maybe_accepted: bool = False
    """Of a retry: the request was sent and its answer is unknown, so APNs may have taken it."""
    status_code: int | None = None
    """HTTP status of APNs' answer; None if there was none."""
    concern: Concern | None = None
    """Whom `reason` concerns; None if accepted."""
    configuration: str = ""
    """Of a token that was refused, and perhaps by the server's fault: the fingerprint of the server's settings."""

    @property
    def counts(self) -> bool:
        """Whether a further failure makes the next wait longer. A failure that only the server's settings caused
        does not, so that pushes follow quickly once the settings are right."""
        return self.verdict not in (OutcomeKind.MISCONFIGURED, OutcomeKind.HELD)


@dataclass(frozen=True, slots=True)
class Target:
    """A device as it could be reached when the work was claimed."""

    device_id: uuid.UUID
    user_id: uuid.UUID
    token: str
    environment: str
    bundle_id: str | None
    """The app that owns the token; None for the one that the delivery service is configured with. Of a browser: the URL
    of its page."""
    apns_id: uuid.UUID
    attempts: int = 0
    """Attempts made before this one."""


class PushEvent(StrEnum):
    """What a push is to do."""

    ALERT = "alert"
    """Show a notification."""
    START = "start"
    """Start a Live Activity."""
    UPDATE = "update"
    END = "end"
    BADGE = "badge"
    """Set the number on the app's icon."""


@dataclass(frozen=True, slots=True)
class About:
    """What a push is about, for the delivery log."""

    account_id: uuid.UUID
    subject: str
    """The UUID of a notification, or of a number for the icon, as text; or the id of a Live Activity."""
    event: PushEvent
    version: int | None = None
    """The activity's version that the push carries."""


@dataclass(frozen=True, slots=True)
class Lease:
    """For how long deliveries belong to this process."""

    ends_at: dt.datetime
    """Exactly as their rows have it: it tells this lease from later ones."""
    ends: float
    """The same moment or one before, as monotonic time. Nothing is on its way to APNs after it."""


WebPayload = Callable[[str | None], bytes]
"""Makes the JSON for browsers that receive with the page of this URL; None if they did not report one."""


@dataclass(frozen=True, slots=True)
class Push:
    """One message and the devices that it is owed to. The holder of this object holds the lease of these deliveries."""

    payload: bytes
    """The JSON for phones with the app."""
    expires_at: dt.datetime
    """Until when APNs, or a push service, keeps it for a phone that it cannot reach."""
    collapse_id: str = ""
    """A later push with the same value replaces the shown one; at most 64 bytes, empty for none."""
    push_type: PushType = PushType.ALERT
    priority: int = 10
    """10: at once; 5: as the phone's battery allows."""
    about: About | None = None
    """None: there is no record of it in the delivery log."""
    origin: Origin = NO_ORIGIN
    """The request that it is sent for."""
    targets: list[Target] = field(default_factory=list)
    web: WebPayload | None = None
    """None: it is nothing for browsers."""
    version: int = 1
    """Of the notification's content."""
    lease: Lease | None = None
    """None: it is not sent under one that another process may take over."""


OnOutcome = Callable[[Target, Outcome], None]


class PushSender(Protocol):
    """Sends pushes to APNs: `GuardedSender`, which passes them on to `GrpcPushSender`."""

    def submit(self, push: Push, on_outcome: OnOutcome) -> None:
        """Sends the push to each of its targets, soon. `on_outcome` is called once per target, whatever happens."""
