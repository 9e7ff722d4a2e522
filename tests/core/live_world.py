"""A phone, an APNs and a clock in memory around the real reconciler, settlement and SQL, one step at a time.

Every interleaving of requests, claims, answers and reports can be brought about, which a running server only meets by
chance. What is simulated here is what `simulator` does too, made to be driven in any order.
"""

import datetime as dt
import json
import secrets
import uuid
from typing import Any

from core_service.events.service import EventBus
from core_service.identity.principal import DevicePrincipal
from core_service.live_activities.reconcile.direct import DirectUpdates
from core_service.live_activities.reconcile.reconciler import LEASE, Reconciler
from core_service.live_activities.reconcile.settlement import ActivitySettlement, ActivitySettler
from core_service.live_activities.state.activity import Activity, ActivityState, new_activity_id, state_of
from core_service.live_activities.state.payload import PayloadBuilder
from core_service.live_activities.state.store import ActivityStore
from core_service.phones import live_activity_queries as queries
from core_service.phones.live_activities import PhoneActivities, ShownPhase
from core_service.sending.port import OnOutcome, Outcome, OutcomeKind, Push, PushType
from core_service.work_queue.group import Crowd
from core_service.work_queue.keyed import KeyedLimiter
from core_service.work_queue.outcome_wait import OutcomeWaits
from service_kit.database import Pool
from tests.core.live_screen import Card, InFlight, ScreenedPhone

BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class HandSettler(ActivitySettler):
    """Settles when told to."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.waiting: list[ActivitySettlement] = []

    def put(self, settlement: ActivitySettlement) -> None:
        self.waiting.append(settlement)

    async def settle(self) -> None:
        """Writes what is waiting."""
        batch, self.waiting = self.waiting, []
        if batch:
            await self._write(batch)


class World:
    """One account with one phone and one stream, which an activity shows from the start."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.now = BEGIN
        self.settler = HandSettler(pool, OutcomeWaits(), EventBus(), lambda: self.now)
        self.reconciler = Reconciler(pool, self, self.settler, PayloadBuilder("A"), lambda: self.now)
        direct = DirectUpdates(self.reconciler, lambda: self.now)
        self.store = ActivityStore(pool, KeyedLimiter(6), Crowd(), direct)
        self.phones = PhoneActivities(pool, self.reconciler, EventBus(), lambda: self.now)
        self.in_flight: list[InFlight] = []
        self.sent: dict[str, list[dict[str, Any]]] = {}
        """Bodies of all pushes by activity, in order."""
        self.account_id, self.user_id, self.device_id, self.stream_id = (uuid.uuid4() for _ in range(4))
        self.phone = ScreenedPhone(secrets.token_hex(32))
        self.activity_ids: list[str] = []
        self.number = 0

    # --- the server ---

    def submit(self, push: Push, on_outcome: OnOutcome) -> None:
        """Takes a push, as a sender does."""
        assert push.push_type is PushType.LIVE_ACTIVITY
        [target] = push.targets
        aps = json.loads(push.payload)["aps"]
        activity_id = aps["attributes"]["activity_id"] if aps["event"] == "start" else self._shown_by(target.token)
        others = [one for one in self.in_flight if one.activity_id == activity_id]
        assert all(self.now - one.sent_at >= LEASE for one in others), "two pushes in flight for one activity"
        assert activity_id not in self.phone.dismissed, "a push to a dismissed activity"
        self._check_order(self.sent.setdefault(activity_id, []), aps)
        self.sent[activity_id].append(aps)
        self.in_flight.append(InFlight(aps, activity_id, target, on_outcome, self.now))

    @staticmethod
    def _check_order(before: list[dict[str, Any]], aps: dict[str, Any]) -> None:
        if not before:
            return
        last = before[-1]
        same = (last["event"], last["content-state"]) == (aps["event"], aps["content-state"])
        if aps["timestamp"] == last["timestamp"]:
            assert same, "one timestamp for two states"
        else:
            assert aps["timestamp"] > last["timestamp"], "a timestamp that goes back"
        assert last["event"] != "end" or aps["event"] == "end", "something after the end"

    def _shown_by(self, token: str) -> str:
        return self._tokens[token]

    async def begin(self) -> None:
        """Makes the account, the phone and the stream, and starts its first activity."""
        self._tokens: dict[str, str] = {}
        async with self.pool.connection() as connection:
            await connection.execute(
                "INSERT INTO accounts (id, name, created_at) VALUES (%s, 'a', now())", (self.account_id,)
            )
            await connection.execute(
                "INSERT INTO users (id, email, name, password_hash, created_at) VALUES (%s, %s, 'u', '', now())",
                (self.user_id, str(self.user_id)),
            )
            await connection.execute(
                """
                INSERT INTO devices (id, account_id, user_id, name, secret_hash, environment, push_token,
                    push_token_registered_at, push_to_start_token, push_to_start_token_registered_at, created_at)
                VALUES (%s, %s, %s, 'd', %s, 'sandbox', %s, %s, %s, %s, now())
                """,
                (
                    *(self.device_id, self.account_id, self.user_id, secrets.token_bytes(32), secrets.token_hex(32)),
                    *(self.now, self.phone.start_token, self.now),
                ),
            )
            await connection.execute(
                "INSERT INTO live_activity_streams (id, account_id, stream_key, created_at)"
                " VALUES (%s, %s, 'k', now())",
                (self.stream_id, self.account_id),
            )
        await self.rotate()

    def _next_state(self) -> ActivityState:
        self.number += 1
        return ActivityState(
            {"title": "t", "type": "progress", "percentage": self.number % 100 + self.number / 1000}, None, 0
        )

    async def present(self) -> Activity:
        """The stream's activity."""
        activity = await self.store.read(self.activity_ids[-1])
        assert activity is not None
        return activity

    async def rotate(self) -> None:
        """Replaces the stream's activity."""
        activity_id = new_activity_id()
        async with self.store.turn(self.account_id) as turn:
            before = await turn.stream("k")
            assert before is not None
            replaced = before.activity if before.activity and before.activity.ended_at is None else None
            owed = await turn.start(
                activity_id, self._next_state(), None, self.now, stream_id=self.stream_id, replaced=replaced
            )
        if owed.total:
            self.activity_ids.append(activity_id)

    async def update(self) -> None:
        """A new state, unless it has ended."""
        activity = await self.present()
        if activity.ended_at is None:
            assert await self.store.update(activity, self._next_state(), self.now) is not None

    async def end(self) -> None:
        """Ends it, unless it has ended."""
        activity = await self.present()
        if activity.ended_at is None:
            assert await self.store.end(activity, state_of(activity), self.now) is not None

    async def claim(self) -> int:
        """One pass of the reconciler."""
        claimed = await self.reconciler._claim()
        await self.settler.settle()
        return claimed

    # --- APNs ---

    async def answer(self, which: int, fault: str) -> None:
        """One push arrives, or does not, and core hears of it, or does not."""
        if not self.in_flight:
            return
        push = self.in_flight.pop(which % len(self.in_flight))
        outcome = (
            self.phone.take(push) if fault in ("none", "unheard") else Outcome(OutcomeKind.RETRY, "TooManyRequests")
        )
        if fault in ("unheard", "lost"):
            outcome = Outcome(OutcomeKind.RETRY, "no answer", maybe_accepted=True)
        if fault == "crash":
            # The core that sent it died before it heard.
            self.phone.take(push)
            return
        push.on_outcome(push.target, outcome)
        await self.settler.settle()

    # --- the phone ---

    async def report(self) -> None:
        """The app reports every update token, even if it did so before."""
        for card in self.phone.cards.values():
            card.reported = card.reported and not card.alive
        await self.report_new()

    async def report_new(self) -> None:
        """The app reports the update tokens that are new."""
        for activity_id, card in self.phone.cards.items():
            if not card.alive or card.reported:
                continue
            card.reported = True
            self._tokens[card.token] = activity_id
            parameters = {"token": card.token, "activity_id": activity_id, "device_id": self.device_id, "now": self.now}
            async with self.pool.connection() as connection:
                await connection.execute(queries.PUT_TOKEN, parameters)

    async def fetch(self) -> None:
        """The person opens the app, which makes the screen equal to what the server says should be there."""
        caller = DevicePrincipal(self.device_id, self.account_id, self.user_id)
        cards, listed = self.phone.cards, await self.phones.state(caller)
        for shown in listed:
            number, card = shown.content_state["percentage"], cards.get(shown.activity_id)
            if card is None and shown.phase is ShownPhase.ACTIVE:
                cards[shown.activity_id] = Card(number, shown.timestamp, secrets.token_hex(32))
            elif card is not None and card.alive and shown.phase is ShownPhase.ENDED:
                card.number, card.alive = number, False
            elif card is not None and shown.phase is ShownPhase.ACTIVE and shown.timestamp > card.timestamp:
                card.number, card.timestamp = number, shown.timestamp
        for activity_id in cards.keys() - {shown.activity_id for shown in listed}:
            self.phone.token_changed_at[cards.pop(activity_id).token] = self.now
        await self.report_new()

    async def rotate_update_tokens(self) -> None:
        """iOS issues others."""
        for card in self.phone.cards.values():
            if card.alive:
                self.phone.token_changed_at[card.token] = self.now
                card.token, card.reported = secrets.token_hex(32), False

    async def rotate_start_token(self) -> None:
        """iOS issues another."""
        self.phone.token_changed_at[self.phone.start_token] = self.now
        self.phone.start_token = secrets.token_hex(32)

    async def report_start_token(self) -> None:
        """The app reports it."""
        async with self.pool.connection() as connection, connection.transaction():
            await connection.execute(
                "UPDATE devices SET push_to_start_token = %s, push_to_start_token_registered_at = %s,"
                " push_to_start_token_dead_reason = NULL WHERE id = %s",
                (self.phone.start_token, self.now, self.device_id),
            )
            await connection.execute(queries.OWE_STARTS, {"device_id": self.device_id, "now": self.now})

    async def dismiss(self) -> None:
        """The person removes the newest card, and the app says so."""
        alive = [activity_id for activity_id, card in self.phone.cards.items() if card.alive]
        if not alive:
            return
        self.phone.dismissed.add(alive[-1])
        card = self.phone.cards[alive[-1]]
        card.alive = False
        self.phone.token_changed_at[card.token] = self.now
        card.token = ""
        parameters = {"activity_id": alive[-1], "device_id": self.device_id, "now": self.now}
        async with self.pool.connection() as connection:
            await connection.execute(queries.DISMISS, parameters)

    async def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += dt.timedelta(seconds=seconds)

    # --- in the end ---

    async def come_to_rest(self) -> None:
        """Everything works from now on, and time enough passes."""
        for _ in range(6):
            await self.report_start_token()
            await self.report()
            while await self.claim() or self.in_flight:
                while self.in_flight:
                    await self.answer(0, "none")
                    await self.report_new()
            await self.wait(25)

    async def scheduled(self) -> list[Any]:
        """Rows that something is still to happen to."""
        async with self.pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT activity_id, phase, leased, next_at FROM live_activity_devices"
                " WHERE device_id = %s AND (next_at IS NOT NULL OR leased)",
                (self.device_id,),
            )
            return await cursor.fetchall()
