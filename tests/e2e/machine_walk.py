"""The random walk of the state machine test: what backends, people, phones and dying processes do."""

import random
import time
from collections.abc import Sequence
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.e2e.machine_backend import Backend
from tests.e2e.machine_model import Activity
from tests.e2e.machine_steps import CONNECTIONS, ONCE, ONCE_PATIENTLY, STEP
from tests.e2e.machine_world import NAMES, World
from tests.waiting import LONG, eventually

QUIET_SECONDS, BUSY_SECONDS = 45.0 + LONG, 150.0 + LONG
"""Longest time until everything is as it should be: a lease (20 s), then an answer that does not come (10 s), then the
time that a start is given to prove itself (10 s). After 429 a push waits 30 s, then 60 s. The rest is for a busy
machine."""
LIMIT = 50
"""Live Activities that the account may have at once, far more than the walk starts."""


class Machine(RuleBasedStateMachine):
    """The walk."""

    world: World

    @initialize()
    def begin(self) -> None:
        """A fresh team of phones."""
        self.world.renew()
        self.backend = Backend(self.world)
        self.failed = True
        """Until a step has come to its end."""
        self.last_puts: dict[str, tuple[dict[str, Any], str | None]] = {}
        self.calm = True
        """Nothing has gone wrong since the last quiet point."""
        self.twice: dict[tuple[str, str], int] = {}
        """How often a card was started again by the last quiet point, because an answer or a token was lost."""
        self.busy = False
        """APNs has asked to slow down since then."""
        self.random = random.Random(len(self.world.phones))
        self.steps = 0
        """Since the last quiet point."""
        self.failed = False
        self.put("ci", {"content_state": {"type": "progress", "percentage": 1}}, None, "state", "")

    @rule(step=STEP)
    def walk(self, step: tuple[str, dict[str, Any]]) -> None:
        """Whatever comes next."""
        name, arguments = step
        getattr(self, name)(**arguments)

    # --- backends ---

    def start(self, body: dict[str, Any], channel: str | None, trouble: str) -> None:
        """A backend starts an activity."""
        with self.step(trouble):
            if self.backend.has_room(channel):
                self.backend.start(self.titled(body), channel)

    def update(self, which: int, body: dict[str, Any], same_type: bool, trouble: str) -> None:
        """A backend updates an activity, its own or a stream's."""
        with self.step(trouble):
            activity = pick(self.backend.alive, which)
            if activity is not None:
                self.backend.update(activity, self.titled(typed(body, activity) if same_type else body))

    def end(self, which: int, body: dict[str, Any], trouble: str) -> None:
        """A backend ends an activity, its own or a stream's, perhaps one that has ended."""
        with self.step(trouble):
            activity = pick(list(self.backend.activities.values()), which)
            if activity is not None:
                if activity.ended:
                    self.backend.refuse_update(activity, self.titled(body))
                self.backend.end(activity, self.titled(body))

    def put(self, key: str, body: dict[str, Any], channel: str | None, change: str, trouble: str) -> None:
        """A backend says what a stream should show: mostly a new state, at times another type or target."""
        with self.step(trouble):
            stream = self.backend.streams.get(key)
            if stream is not None and change != "target":
                channel = stream.channel
            if stream is not None and stream.activity is not None and change == "state":
                body = typed(body, stream.activity)
            body = self.titled(body)
            if change == "nothing" and key in self.last_puts:
                body, channel = self.last_puts[key]
            if self.backend.has_room(channel):
                self.last_puts[key] = (body, channel)
                self.backend.put(key, body, channel)

    def put_at_once(self, key: str, body: dict[str, Any], change: str, count: int, trouble: str) -> None:
        """Backends say different things of a stream at the same instant."""
        with self.step(trouble):
            stream = self.backend.streams.get(key)
            if stream is not None and stream.activity is not None and change == "state":
                body = typed(body, stream.activity)
            # Which comes first must not matter for what the last one leaves out.
            body["content_state"].setdefault("color", "red")
            body.pop("alert", None)
            channel = stream.channel if stream else None
            if self.backend.has_room(channel):
                self.backend.put_at_once(key, [self.titled(body) for _ in range(count)], channel)

    def delete(self, key: str, body: dict[str, Any] | None, trouble: str) -> None:
        """A backend ends a stream."""
        with self.step(trouble):
            self.backend.delete(key, body and self.titled(body))

    def pause_or_resume(self, key: str, trouble: str) -> None:
        """The owner pauses a stream, or resumes a paused one."""
        with self.step(trouble):
            stream = self.backend.streams.get(key)
            if stream is not None and stream.held is None:
                self.backend.pause(key)
            elif stream is not None and self.backend.has_room(stream.channel):
                self.backend.resume(key)

    # --- phones and people ---

    def change_phone(self, name: str, change: dict[str, Any]) -> None:
        """A phone is cut off or found again, or its app becomes slow to report tokens."""
        with self.step():
            self.calm = False
            self.world.phone(name, "settings", **change)

    def renew_start_token(self, name: str, delay: float | None) -> None:
        """iOS replaces a push-to-start token, which the app reports at once, late or not until all is well again."""
        with self.step():
            self.world.phone(name, "settings", token_delay_seconds=delay)
            self.world.phone(name, "rotate-start-token")

    def renew_update_token(self, name: str, which: int) -> None:
        """iOS replaces an update token."""
        with self.step():
            card = pick([one for one in self.world.screen(name) if one["state"] == "active"], which)
            if card is not None:
                self.world.card(name, card["activity_id"], "rotate-token")

    def dismiss(self, name: str, which: int) -> None:
        """A person removes a card."""
        with self.step():
            card = pick(self.world.screen(name), which)
            if card is not None and self.world.card(name, card["activity_id"], "dismiss"):
                self.known(card).dismissed.add(name)

    def trouble(self, what: str) -> None:
        """Something breaks while the next call is on its way."""
        if what in ONCE | ONCE_PATIENTLY:
            self.world.faults(tokens={"*": [(ONCE | ONCE_PATIENTLY)[what], {}]})
        elif what in CONNECTIONS:
            self.world.soon(0.005, what, lambda: self.world.team.faults(connections=CONNECTIONS[what]))
        elif what == "lost answers":
            self.world.faults(tokens={"*": [{"delay_seconds": 9.0}, {}]})
            self.world.soon(0.2, "reset", lambda: self.world.team.faults(connections=CONNECTIONS["reset"]))
        elif what == "kill simulator":
            # What a person did to a phone a moment ago is not to be undone.
            time.sleep(0.3)
            self.world.kill("simulator", 0)
        elif what:
            self.world.kill(what.removeprefix("kill "), self.random.random() * 0.06)
        self.calm = self.calm and not what
        self.busy = self.busy or what == "too many requests"

    # --- quiet points ---

    def come_to_rest(self) -> None:
        """Nothing happens for a while."""
        with self.step():
            if self.steps >= 6:
                self.rest()

    def teardown(self) -> None:
        """Everything ends, and phones show nothing alive."""
        if getattr(self, "failed", True):
            return
        with self.step():
            self.rest()
            for key in list(self.backend.streams):
                self.backend.delete(key, None)
            for activity in self.backend.alive:
                self.backend.end(activity, {"content_state": {"title": "Over", **least(activity)}})
            self.rest()

    def rest(self) -> None:
        """Heals everything and waits until phones show what was promised."""
        self.world.note("rest")
        self.world.heal()
        seconds = BUSY_SECONDS if self.busy else QUIET_SECONDS
        eventually("phones show what was promised", self.problems, seconds, until=lambda found: not found)
        self.world.owes_nothing(seconds)
        assert self.problems() == []
        stats = self.world.stats()
        assert stats["timestamps_backwards"] == 0, stats
        for activity in self.backend.activities.values():
            activity.over = activity.ended
            activity.seen |= {name for name in activity.targets - activity.dismissed if not activity.ended}
        for name in NAMES:
            self.twice |= {(name, card["activity_id"]): card["duplicate_starts"] for card in self.world.screen(name)}
        self.check_limit()
        self.calm, self.busy, self.steps = True, False, 0

    def problems(self) -> list[str]:
        """What is not as it should be."""
        found = []
        for name in NAMES:
            # Between these the screen was read, however long that took: what it shows was there after the first, and
            # what it does not show was not there before the last.
            before, cards, after = time.time(), self.world.screen(name), time.time()
            by_id = {card["activity_id"]: card for card in cards}
            for card in cards:
                self.known(card)
                twice = card["duplicate_starts"] - self.twice.get((name, card["activity_id"]), 0)
                if self.calm and twice:
                    found.append(f"{name}: {card['activity_id']} was started twice")
            for activity in self.backend.activities.values():
                shown = by_id.get(activity.id)
                problem = activity.problem(name, shown, after if shown is None else before)
                if problem:
                    found.append(f"{name}: {activity.id} of {activity.stream} {problem}")
        return found

    def check_limit(self) -> None:
        """Exactly as many activities count as should."""
        active = self.backend.counted
        if not active:
            return
        self.world.team.ask("PATCH", "/api/account", max_live_activities=active)
        body = {"content_state": {"title": "One too many", "type": "progress", "percentage": 1}}
        eventually("a start is refused", lambda: self.refusal(body), until=lambda one: one == (429, active, active))
        self.world.team.ask("PATCH", "/api/account", max_live_activities=active + 1)
        if self.backend.has_room("left"):
            self.backend.start(self.titled(body), "left")
        self.world.team.ask("PATCH", "/api/account", max_live_activities=LIMIT)

    def refusal(self, body: dict[str, Any]) -> tuple[int, Any, Any]:
        answer = self.world.call("POST", "/api/live-activity/start", body)
        assert answer.status != 200, answer
        return answer.status, answer.body.get("limit"), answer.body.get("active")

    # --- inside ---

    def known(self, card: dict[str, Any]) -> Activity:
        """The card's activity; every card must have one."""
        found = self.backend.activities.get(card["activity_id"])
        if found is None and self.backend.adopt(card):
            found = self.backend.activities[card["activity_id"]]
        assert found is not None, f"a card that was not asked for: {card}"
        return found

    def titled(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body with a title that no other has."""
        return {**body, "content_state": {**body["content_state"], "title": f"state {self.backend.number()}"}}

    def step(self, trouble: str = "") -> "Step":
        """Runs a step, with trouble."""
        return Step(self, trouble)


T = TypeVar("T")


def pick(things: Sequence[T], which: int) -> T | None:
    """One of the things, if there are any."""
    return things[which % len(things)] if things else None


def typed(body: dict[str, Any], activity: Activity) -> dict[str, Any]:
    """The body for an activity whose type is to stay."""
    if activity.ended:
        return body
    if body["content_state"]["type"] != activity.look.fields["type"]:
        return {**body, "content_state": least(activity)}
    return {**body, "content_state": {name: one for name, one in body["content_state"].items() if name != "type"}}


def least(activity: Activity) -> dict[str, Any]:
    """The least that the activity's type needs."""
    needed = ("type", "percentage", "metrics", "number_of_steps", "current_step")
    return {name: value for name, value in activity.look.fields.items() if name in needed}


class Step:
    """Tells with a failure what had happened."""

    def __init__(self, machine: Machine, trouble: str) -> None:
        self._machine = machine
        self._trouble = trouble

    def __enter__(self) -> None:
        """The machine counts as failed until the end."""
        self._machine.failed = True
        self._machine.steps += 1
        self._machine.trouble(self._trouble)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        """Adds what happened to an error."""
        if error is None:
            self._machine.failed = False
            return
        world = self._machine.world
        world.call_off()
        world.note(f"{type(error).__name__}: {error}")
        error.add_note("\n".join(world.log))
        error.add_note("in the database:\n" + "\n".join(map(str, world.rows())))
        world.failures.append(error)
