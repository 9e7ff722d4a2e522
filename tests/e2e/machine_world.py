"""The server, its phones and its backends as the state machine test handles them, whatever has just been killed."""

import contextlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import psycopg

from tests.http_client import plain_http_client
from tests.stack import Stack
from tests.team import Phone, Team
from tests.waiting import LONG, eventually

T = TypeVar("T")

RECOVERY_SECONDS = 2 * LONG
NOT_NOW = (502, 503, 504)
CHANNELS = {"left": ("anna", "bert"), "right": ("bert", "cleo")}
NAMES = ("anna", "bert", "cleo")
NO_BUDGETS = {"start_budget_per_hour": None, "high_priority_budget_per_hour": 1000}
HEALTHY = {"offline": False, "token_delay_seconds": 0.0, "update_token_delay_seconds": 0.0}

OWED = """
SELECT p.activity_id, p.device_id::text, p.phase, p.update_token IS NOT NULL, p.accepted_version, a.version,
       a.ended_at IS NOT NULL, p.leased, p.attempt, p.failures, round(extract(epoch FROM p.next_at - now()), 1)::text,
       p.reason, p.timestamp, p.sent_event, p.sent_version, p.maybe_shown
FROM live_activity_devices p JOIN live_activities a ON a.id = p.activity_id
"""


@dataclass(frozen=True)
class Answer:
    """What a call was answered with."""

    status: int
    body: dict[str, Any]
    began: float
    """UNIX time."""
    answered: float
    attempts: int
    """More than 1: earlier ones had no answer, and may have been carried out or not."""


@dataclass
class World:
    """A server of the test's own with three phones in two channels that overlap."""

    stack: Stack
    phones: dict[str, Phone] = field(default_factory=dict)
    slugs: dict[str, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    """What happened, for people."""
    failures: list[BaseException] = field(default_factory=list)
    """What walks have failed with."""

    def __post_init__(self) -> None:
        self.team = Team.of(self.stack)
        self.key = self.team.key()
        self._timers: list[threading.Timer] = []
        self._began = time.monotonic()
        # It is in the account, too; a phone that is not looked at.
        Phone(self.team.simulator, self.stack.phone_id).remove()

    def note(self, what: str) -> None:
        """Adds to the log."""
        self.log.append(f"{time.monotonic() - self._began:8.2f} {what}")

    # --- phones ---

    def renew(self) -> None:
        """New phones in new channels, new stream keys; the old ones are gone."""
        self.walk = self.team.unique("walk")
        self.log.clear()
        self._began = time.monotonic()
        self.call_off()
        self.patiently(self.team.no_faults)
        for phone in self.phones.values():
            self.patiently(phone.remove)
        self.phones = {name: self.team.phone() for name in NAMES}
        for phone in self.phones.values():
            phone.do("settings", **NO_BUDGETS)
        for channel, members in CHANNELS.items():
            self.slugs[channel], channel_id = self.team.channel()
            for member in members:
                self.team.assign_device(channel_id, self.phones[member])
        self.patiently(lambda: self.team.simulator.delete("/apns/stats").raise_for_status())

    def targets(self, channel: str | None) -> frozenset[str]:
        """Names of the phones in the channel."""
        return frozenset(NAMES if channel is None else CHANNELS[channel])

    def phone(self, name: str, what: str, **body: Any) -> None:
        """Posts to the phone's control API."""
        self.note(f"{name}: {what} {body or ''}")
        self.patiently(lambda: self.phones[name].do(what, **body))

    def card(self, name: str, activity_id: str, what: str) -> bool:
        """Posts to one of the phone's cards; False if it cannot be done, as the card is not there or has ended."""
        path = f"/phones/{self.phones[name].id}/live-activities/{activity_id}/{what}"
        status = self.patiently(lambda: self.team.simulator.post(path)).status_code
        self.note(f"{name}: {what} {activity_id[:6]} -> {status}")
        return status == 200

    def screen(self, name: str) -> list[dict[str, Any]]:
        """The phone's cards."""
        return list(self.patiently(self.phones[name].read)["live_activities"])

    def state(self, name: str) -> list[dict[str, Any]]:
        """What the server says that should be on the phone's screen."""
        records = json.loads((self.stack.data_dir / "simulator" / "phones.json").read_text())["phones"]
        token = next(record["device_token"] for record in records if record["id"] == self.phones[name].id)
        with plain_http_client(self.stack.base_url, Authorization=f"Bearer {token}") as app:
            answer = self.patiently(lambda: app.get("/api/device/state"), until=lambda one: one.status_code == 200)
        return list(answer.json()["live_activities"])

    # --- calls ---

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, *, owner: bool = False) -> Answer:
        """Calls until there is an answer that says what was done."""
        caller, began, attempts = self.team.owner if owner else self.key, time.time(), 0
        while True:
            attempts += 1
            try:
                answer = caller.request(method, path, json=body)
                if answer.status_code not in NOT_NOW:
                    break
                trouble = str(answer.status_code)
            except httpx.TransportError as error:
                trouble = type(error).__name__
            if attempts == 1:
                self.note(f"  {method} {path} -> {trouble}")
            assert time.time() < began + RECOVERY_SECONDS, f"{method} {path} is not answered"
            time.sleep(0.05)
        self.note(f"  {method} {path} -> {answer.status_code} {_short(answer.json())} after {attempts}")
        return Answer(answer.status_code, answer.json(), began, time.time(), attempts)

    def call_once(self, method: str, path: str, body: dict[str, Any]) -> Answer | None:
        """Calls; None if it is not known whether the call was carried out."""
        began = time.time()
        try:
            answer = self.key.request(method, path, json=body)
        except httpx.TransportError as error:
            self.note(f"  {method} {path} -> {type(error).__name__}")
            return None
        self.note(f"  {method} {path} -> {answer.status_code} {_short(answer.json())}")
        if answer.status_code in NOT_NOW:
            return None
        return Answer(answer.status_code, answer.json(), began, time.time(), 1)

    def patiently(self, do: Callable[[], T], *, until: Callable[[T], bool] = lambda _: True) -> T:
        """Does it, again and again while what it needs is restarting."""
        deadline = time.monotonic() + RECOVERY_SECONDS
        while True:
            try:
                result = do()
                if until(result):
                    return result
            except (httpx.TransportError, AssertionError, httpx.HTTPStatusError, OSError, psycopg.OperationalError):
                if time.monotonic() > deadline:
                    raise
            assert time.monotonic() < deadline, "not answered as it should be"
            time.sleep(0.05)

    # --- trouble ---

    def soon(self, seconds: float, what: str, do: Callable[[], Any]) -> None:
        """Does it `seconds` from now, while other things go on; nothing before has been left undone then."""
        self.call_off()
        self.note(f"in {seconds:.3f} s: {what}")

        def run() -> None:
            # The simulator may just be starting again.
            with contextlib.suppress(httpx.TransportError):
                do()
                self.note(f"  done: {what}")

        timer = threading.Timer(seconds, run)
        timer.start()
        self._timers.append(timer)

    def call_off(self) -> None:
        """Returns once nothing is to happen any more."""
        while self._timers:
            self._timers.pop().join()

    def kill(self, name: str, after: float) -> None:
        """Kills a process `after` seconds from now."""

        def kill() -> None:
            # It may just be starting again.
            with contextlib.suppress(ProcessLookupError):
                self.stack.kill(name)

        self.soon(after, f"kill {name}", kill)

    def faults(self, **faults: Any) -> None:
        """Switches faults on."""
        self.note(f"faults {faults}")
        self.patiently(lambda: self.team.faults(**faults))

    def heal(self) -> None:
        """Whatever is broken works again, and phones do all that they are meant to."""
        self.call_off()
        self.patiently(lambda: self.team.simulator.get("/apns/stats").raise_for_status())
        self.patiently(self.team.no_faults)
        self.stack.wait_answering(RECOVERY_SECONDS)
        for name in NAMES:
            self.patiently(lambda name=name: self.phones[name].do("settings", **HEALTHY))  # type: ignore[misc]

    # --- the server's own view ---

    def rows(self, condition: str = "true") -> list[tuple[Any, ...]]:
        """Activities on devices as they stand in the database."""

        def read() -> list[tuple[Any, ...]]:
            with psycopg.connect(self.stack.database_url) as connection:
                return connection.execute(f"{OWED} WHERE {condition}").fetchall()

        return self.patiently(read)

    def owes_nothing(self, seconds: float) -> None:
        """Returns once no push is due or in flight."""
        condition = "p.next_at IS NOT NULL OR p.leased"
        eventually("nothing is owed", lambda: self.rows(condition), seconds, until=lambda rows: not rows)

    def stats(self) -> dict[str, Any]:
        """What the simulated APNs has counted."""
        answer = self.patiently(
            lambda: self.team.simulator.get("/apns/stats"), until=lambda one: one.status_code == 200
        )
        return dict(answer.json())


def _short(body: dict[str, Any]) -> str:
    hidden = ("success", "timestamp", "stream_key", "effective_channel_slugs")
    return str({name: value for name, value in body.items() if name not in hidden})
