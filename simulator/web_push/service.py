"""The push service without its connections: checks messages, delivers or holds them."""

import base64
import time
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from simulator.clock import Clock
from simulator.web_push import base64url, rules, vapid
from simulator.web_push.answers import CREATED, Answer, Refusal, on_order, refuse
from simulator.web_push.faults import PushFault, PushFaults
from simulator.web_push.kinds import TRAITS, Kind
from simulator.web_push.subscriptions import Message, Recipient, SubscriptionRecord, Subscriptions

MAX_LOGGED = 1000


@dataclass(frozen=True)
class Logged:
    """One request, as tests look at it."""

    subscription: str
    kind: str
    status: int
    reason: str | None
    ttl: str | None
    urgency: str | None
    topic: str | None
    size: int
    received_at: float
    """UNIX seconds."""


@dataclass(frozen=True)
class Handled:
    """What becomes of one request."""

    answer: Answer
    fault: PushFault | None


class WebPushService:
    """One service for browsers of all kinds: each is answered as its own service would answer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.subscriptions = Subscriptions()
        self.faults = PushFaults()
        self.origins: Mapping[Kind, str] = {}
        """The origin of each kind's endpoints. Set once the service listens."""
        self._log: deque[Logged] = deque(maxlen=MAX_LOGGED)

    def subscribe(self, kind: Kind, key: str | None, recipient: Recipient) -> SubscriptionRecord:
        """A new subscription, made with the application server's `key` (base64url)."""
        record = SubscriptionRecord(id=uuid.uuid4().hex, kind=kind, origin=self.origins[kind], key=key)
        self.subscriptions.add(record, recipient)
        return record

    def push(self, subscription_id: str, headers: Mapping[str, str], body: bytes) -> Handled:
        """Carries a request out. `headers` have names in lower case."""
        found = self.subscriptions.find(subscription_id)
        if found is None:
            handled = Handled(refuse(Kind.FIREFOX, Refusal.UNKNOWN), None)
        else:
            handled = self._push(*found, headers, body)
        kind = found[0].kind.value if found else ""
        self._log.append(
            Logged(
                subscription_id,
                kind,
                handled.answer.status,
                handled.answer.reason,
                headers.get("ttl"),
                headers.get("urgency"),
                headers.get("topic"),
                len(body),
                time.time(),
            )
        )
        return handled

    def deliver_held(self, record: SubscriptionRecord, recipient: Recipient) -> None:
        """The browser is back: it gets what is held and has not expired."""
        if record.held:
            released = record.release(self._clock.now())
            recipient.note_held()
            for message in released:
                recipient.receive(record, message)

    def requests(self, limit: int, subscription_id: str | None) -> list[dict[str, Any]]:
        """The last requests, newest first; only those for one subscription if it is named."""
        chosen = [one for one in reversed(self._log) if subscription_id in (None, one.subscription)]
        return [asdict(one) for one in chosen[:limit]]

    def clear_requests(self) -> None:
        """Forgets the requests seen so far."""
        self._log.clear()

    def _push(
        self, record: SubscriptionRecord, recipient: Recipient, headers: Mapping[str, str], body: bytes
    ) -> Handled:
        fault = self.faults.next(record.kind)
        if fault is not None and fault.status not in (None, CREATED):
            answer = on_order(record.kind, fault.status or 0, fault.reason)
            named = {"retry-after": fault.retry_after, "location": fault.location}
            extra = {name: value for name, value in named.items() if value is not None}
            return Handled(Answer(answer.status, answer.reason, answer.body, answer.headers | extra), fault)
        wanted = self._check(record, headers, len(body))
        if not isinstance(wanted, rules.Wanted):
            return Handled(refuse(record.kind, wanted), fault)
        message = Message(
            id=uuid.uuid4().hex,
            body=base64.b64encode(body).decode(),
            ttl=wanted.ttl,
            expires_at=self._clock.now() + wanted.ttl,
            topic=wanted.topic,
        )
        if recipient.is_connected:
            recipient.receive(record, message)
        elif wanted.ttl:
            record.hold(message)
            recipient.note_held()
        place = {"location": f"{record.origin}/m/{message.id}", "ttl": str(wanted.ttl)}
        return Handled(Answer(CREATED, headers=place), fault)

    def _check(
        self, record: SubscriptionRecord, headers: Mapping[str, str], size: int
    ) -> rules.Wanted | Refusal | vapid.Fault:
        if record.gone:
            return Refusal.GONE
        if record.key is not None:
            key, asked = base64url.decode(record.key), TRAITS[record.kind].vapid
            fault = vapid.fault_of(headers.get("authorization"), key, record.origin, asked, time.time())
            if fault is not None:
                return fault
        return rules.read(record.kind, headers, size)
