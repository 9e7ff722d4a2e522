"""A route to APNs that is stopped: what stops it, what is held, how it is tried, what sets it going."""

import datetime as dt
import uuid
from dataclasses import dataclass, field, replace

import pytest

from core_service.sending import guarded_sender
from core_service.sending.circuit_breaker import HOLD_SECONDS, LAST_PROBE_SECONDS, MAX_BELIEVED, Route
from core_service.sending.guarded_sender import MAX_ROUTES, GuardedSender
from core_service.sending.port import About, Concern, OnOutcome, Outcome, OutcomeKind, Push, PushEvent, Target
from core_service.sending.reasons import of_route
from tests.waiting import eventually_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

ACCEPTED = Outcome(OutcomeKind.ACCEPTED)
KEY_WRONG = Outcome(OutcomeKind.MISCONFIGURED, "InvalidProviderToken", 60.0, concern=Concern.SENDER)
TOPIC_WRONG = Outcome(OutcomeKind.MISCONFIGURED, "TopicDisallowed", 60.0, concern=Concern.TOPIC)
BAD_TOKEN = Outcome(OutcomeKind.TOKEN_DEAD, "BadDeviceToken", concern=Concern.TOKEN_OR_SERVER, configuration="present")
OTHER_TOPIC = Outcome(OutcomeKind.REJECTED, "DeviceTokenNotForTopic", concern=Concern.TOKEN_OR_SERVER)
GONE = Outcome(OutcomeKind.TOKEN_DEAD, "Unregistered", concern=Concern.TOKEN)
LOST = Outcome(OutcomeKind.RETRY, "ConnectionLost", 1.0, maybe_accepted=True, concern=Concern.NETWORK)
MALFORMED = Outcome(OutcomeKind.REJECTED, "MalformedToken", concern=Concern.REQUEST)


def a_target(environment: str = "sandbox", bundle_id: str | None = "com.example.app") -> Target:
    return Target(uuid.uuid4(), uuid.uuid4(), uuid.uuid4().hex * 2, environment, bundle_id, uuid.uuid4())


def of(*targets: Target, account_id: uuid.UUID | None = None) -> Push:
    about = About(account_id, "a subject", PushEvent.ALERT) if account_id else None
    return Push(b"{}", dt.datetime.now(dt.UTC), about=about, targets=list(targets))


@dataclass
class Apns:
    """Answers what it is told to: the sender under the one that is tested."""

    says: Outcome = ACCEPTED
    waits: bool = False
    sent: list[Target] = field(default_factory=list)
    _unanswered: list[tuple[Target, OnOutcome]] = field(default_factory=list)

    def submit(self, push: Push, on_outcome: OnOutcome) -> None:
        """See Sender."""
        for target in push.targets:
            self.sent.append(target)
            self._unanswered.append((target, on_outcome))
        if not self.waits:
            self.answer(self.says)

    def answer(self, outcome: Outcome) -> None:
        """Has all that wait be told so."""
        unanswered, self._unanswered = self._unanswered, []
        for target, on_outcome in unanswered:
            on_outcome(target, outcome)


@dataclass
class World:
    """The sender under test, its clock, and what it has told."""

    apns: Apns = field(default_factory=Apns)
    now: float = 0.0
    told: list[tuple[str, str, bool]] = field(default_factory=list)
    outcomes: dict[Target, Outcome] = field(default_factory=dict)
    proven: list[Route] = field(default_factory=list)
    """Routes whose refusals were the server's fault."""

    def __post_init__(self) -> None:
        self.sender = GuardedSender(self.apns, clock=lambda: self.now)
        self.sender.listen(lambda alarm, stopped: self.told.append((str(alarm.route), alarm.reason, stopped)))
        self.sender.listen_for_faults(self.proven.append)

    def send(self, *targets: Target, account_id: uuid.UUID | None = None) -> list[Outcome | None]:
        """What they are told at once."""
        self.sender.submit(of(*targets, account_id=account_id), self._hear)
        return [self.outcomes.get(target) for target in targets]

    def verdict(self, target: Target | None = None) -> OutcomeKind | None:
        """Sends to one target; what it is told."""
        [outcome] = self.send(target or a_target())
        return outcome and outcome.verdict

    @property
    def stopped(self) -> list[str]:
        """Routes that are."""
        return [str(alarm.route) for alarm in self.sender.alarms()]

    def _hear(self, target: Target, outcome: Outcome) -> None:
        assert target not in self.outcomes, "told twice"
        self.outcomes[target] = outcome


@pytest.fixture
def world() -> World:
    return World()


async def test_a_wrong_key_stops_the_environment_once_and_only_probes_go_out(world: World) -> None:
    world.apns.says = KEY_WRONG
    assert [outcome and outcome.reason for outcome in world.send(*(a_target() for _ in range(50)))] == [
        "InvalidProviderToken"
    ] * 50
    assert world.told == [("sandbox", "InvalidProviderToken", True)]
    for _ in range(310):
        world.now += 0.1
        for bundle_id in ("com.example.app", None, "com.example.other"):
            [outcome] = world.send(a_target(bundle_id=bundle_id))
            assert outcome is not None
            assert not outcome.counts
            assert 1 < outcome.retry_after_seconds <= HOLD_SECONDS
    # 2, 4, 8, 8 ... seconds apart.
    assert len(world.apns.sent) == 50 + 5
    assert world.verdict(a_target("production")) is OutcomeKind.MISCONFIGURED, (
        "the other environment finds out by itself"
    )
    assert len(world.told) == 2


@pytest.mark.parametrize("proof", [ACCEPTED, GONE, BAD_TOKEN, OTHER_TOPIC])
async def test_the_first_push_that_the_key_is_good_for_sets_the_route_going(world: World, proof: Outcome) -> None:
    world.apns.says = KEY_WRONG
    world.send(a_target())
    world.apns.says = proof
    world.now += LAST_PROBE_SECONDS
    assert world.send(a_target()) == [proof]
    assert world.told == [("sandbox", "InvalidProviderToken", True), ("sandbox", "InvalidProviderToken", False)]
    assert world.stopped == []
    world.apns.says = ACCEPTED
    assert world.send(*(a_target() for _ in range(20))) == [ACCEPTED] * 20


@pytest.mark.parametrize("nothing", [LOST, MALFORMED])
async def test_a_probe_that_says_nothing_about_the_key_changes_nothing(world: World, nothing: Outcome) -> None:
    world.apns.says = KEY_WRONG
    world.send(a_target())
    world.apns.says = nothing
    world.now += LAST_PROBE_SECONDS
    assert world.send(a_target()) == [nothing]
    assert world.stopped == ["sandbox"]
    assert world.verdict() is OutcomeKind.HELD


async def test_one_probe_goes_out_at_a_time(world: World) -> None:
    world.apns.says = KEY_WRONG
    world.send(a_target())
    world.apns.waits = True
    world.now += 60
    assert world.verdict() is None
    assert [world.verdict() for _ in range(10)] == [OutcomeKind.HELD] * 10
    world.apns.answer(ACCEPTED)
    assert world.verdict() is None
    assert len(world.apns.sent) == 3


async def test_what_was_sent_before_the_route_stopped_neither_sets_it_going_nor_stops_it_again(world: World) -> None:
    world.apns.waits = True
    early, later = a_target(), a_target()
    world.send(early)
    [(_, tell_early)] = world.apns._unanswered
    world.apns._unanswered.clear()
    world.send(a_target())
    world.apns.answer(KEY_WRONG)
    tell_early(early, ACCEPTED)
    assert world.stopped == ["sandbox"]
    assert world.outcomes[early] is ACCEPTED
    world.now += 60
    world.send(later)
    world.apns.answer(ACCEPTED)
    slow = [a_target() for _ in range(3)]
    world.send(*slow)
    assert world.stopped == []


async def test_a_late_refusal_of_before_does_not_stop_a_route_that_is_right_again(world: World) -> None:
    world.apns.waits = True
    slow = a_target()
    world.send(slow)
    [(_, tell)] = world.apns._unanswered
    world.apns._unanswered.clear()
    world.send(a_target())
    world.apns.answer(KEY_WRONG)
    world.now += 60
    world.send(a_target())
    world.apns.answer(ACCEPTED)
    tell(slow, KEY_WRONG)
    assert world.stopped == []
    assert world.outcomes[slow].verdict is OutcomeKind.MISCONFIGURED, "it stays queued"


async def test_a_wrong_topic_stops_its_app_alone(world: World) -> None:
    world.apns.says = TOPIC_WRONG
    world.send(a_target(bundle_id="com.example.mistyped"))
    world.apns.says = ACCEPTED
    assert world.stopped == ["sandbox com.example.mistyped"]
    assert world.verdict() is OutcomeKind.ACCEPTED
    assert world.verdict(a_target(bundle_id="com.example.mistyped")) is OutcomeKind.HELD
    assert world.verdict(a_target("production", "com.example.mistyped")) is OutcomeKind.ACCEPTED


async def test_a_probe_tells_of_key_and_topic_apart(world: World) -> None:
    world.apns.says = KEY_WRONG
    world.send(a_target())
    world.apns.says = TOPIC_WRONG
    world.now += 60
    world.send(a_target())
    assert world.stopped == ["sandbox com.example.app"], "the key is known to be right"
    world.apns.says = KEY_WRONG
    world.now += 60
    world.send(a_target())
    assert world.stopped == ["sandbox com.example.app", "sandbox"]
    world.apns.says = ACCEPTED
    world.now += 60
    world.send(a_target())
    assert world.stopped == []


@pytest.mark.parametrize("refusal", [BAD_TOKEN, OTHER_TOPIC])
async def test_the_wrong_environment_costs_five_tokens_and_keeps_the_rest_queued(
    world: World, refusal: Outcome
) -> None:
    world.apns.says = ACCEPTED
    world.send(*(a_target() for _ in range(200)))
    world.apns.says = refusal
    outcomes = world.send(*(a_target() for _ in range(50)))
    assert outcomes.count(refusal) == 5
    assert {outcome and outcome.verdict for outcome in outcomes[5:]} == {OutcomeKind.MISCONFIGURED}
    [alarm] = world.sender.alarms()
    assert of_route(alarm.reason)[0].startswith("Most device tokens are refused")
    for _ in range(10):
        world.now += LAST_PROBE_SECONDS
        assert world.verdict() is OutcomeKind.MISCONFIGURED, "no probe's token is buried"
    world.apns.says = ACCEPTED
    world.now += LAST_PROBE_SECONDS
    assert world.verdict() is OutcomeKind.ACCEPTED
    assert world.stopped == []


async def test_a_lone_phone_with_a_bad_token_stops_nothing(world: World) -> None:
    world.apns.says = BAD_TOKEN
    lone = a_target()
    assert world.send(lone) == [BAD_TOKEN]
    assert world.stopped == []
    world.apns.says = ACCEPTED
    assert world.verdict() is OutcomeKind.ACCEPTED


async def test_a_good_token_of_an_account_whose_tokens_are_refused_is_tried_within_seconds(world: World) -> None:
    """Though another person of the account keeps reporting bad ones."""
    somebody, good = uuid.uuid4(), a_target()
    world.apns.says = BAD_TOKEN
    world.send(*(replace(a_target(), user_id=somebody) for _ in range(50)))
    assert len(world.stopped) == 1
    for _ in range(19):
        world.now += 0.1
        world.send(replace(a_target(), user_id=somebody))
    world.apns.says = ACCEPTED
    world.now += 0.1
    assert world.send(good) == [ACCEPTED]
    assert world.stopped == []


async def test_bad_tokens_of_one_person_do_not_keep_their_good_one_waiting(world: World) -> None:
    """Though each of them comes back whenever it may, and before the good one."""
    somebody = uuid.uuid4()
    bad = [replace(a_target(), user_id=somebody) for _ in range(20)]
    good = replace(a_target(), user_id=somebody)

    def answer_each() -> None:
        for target, on_outcome in waiting_for_apns():
            on_outcome(target, ACCEPTED if target is good else BAD_TOKEN)

    def waiting_for_apns() -> list[tuple[Target, OnOutcome]]:
        waiting, world.apns._unanswered = world.apns._unanswered, []
        return waiting

    world.apns.waits = True
    world.send(*bad)
    answer_each()
    assert len(world.stopped) == 1
    due = dict.fromkeys((*bad, good), world.now + HOLD_SECONDS)
    while world.stopped:
        world.now += 0.1
        assert world.now < 60
        for target in sorted(due, key=lambda one: (due[one] > world.now, one is good)):
            if due[target] <= world.now:
                world.outcomes.pop(target, None)
                world.send(target)
                answer_each()
                due[target] = world.now + world.outcomes[target].retry_after_seconds
    assert world.outcomes[good] is ACCEPTED


async def test_if_everybodys_tokens_are_refused_apns_is_asked_now_and_then_only(world: World) -> None:
    world.apns.says = BAD_TOKEN
    world.send(*(a_target() for _ in range(50)))
    for _ in range(100):
        world.now += 0.1
        world.send(*(a_target() for _ in range(10)))
    # Four tokens every 2 s.
    assert len(world.apns.sent) <= 50 + 5 * 4


ATTACKER, NEIGHBOUR, ACCOMPLICE, OTHER = (uuid.UUID(int=number) for number in range(1, 5))


async def test_an_account_that_makes_up_people_and_tokens_stops_only_itself(world: World) -> None:
    for step in range(500):
        world.now += 0.02
        world.apns.says = BAD_TOKEN
        world.send(a_target(), account_id=ATTACKER)
        if step % 5 == 0:
            world.apns.says = ACCEPTED
            assert world.send(a_target(), account_id=NEIGHBOUR) == [ACCEPTED]
    assert world.stopped == [f"sandbox com.example.app of account {ATTACKER}"]
    assert len(world.told) == 1, "the alarm is raised once"
    # Those that were believed, those that others' accepted ones made up for, and the tries of 16 people now and then.
    assert len([target for target in world.apns.sent if world.outcomes[target] is not ACCEPTED]) < 100


async def test_in_the_wrong_environment_each_account_loses_five_tokens_until_they_are_revived(world: World) -> None:
    world.apns.says = BAD_TOKEN
    accounts = [uuid.UUID(int=1 + number) for number in range(5)]
    targets = {account_id: [a_target() for _ in range(8)] for account_id in accounts}
    for account_id, of_account in targets.items():
        told = world.send(*of_account, account_id=account_id)
        assert told[:MAX_BELIEVED] == [BAD_TOKEN] * MAX_BELIEVED
        assert {outcome and outcome.verdict for outcome in told[MAX_BELIEVED:]} == {OutcomeKind.MISCONFIGURED}
    assert world.stopped == [f"sandbox com.example.app of account {account_id}" for account_id in accounts]
    world.outcomes.clear()
    world.apns.says = ACCEPTED
    world.now += LAST_PROBE_SECONDS
    for account_id, of_account in targets.items():
        assert world.send(*of_account[-2:], account_id=account_id) == [ACCEPTED] * 2
    assert world.stopped == []
    assert [route.account_id for route in world.proven] == accounts, "each account's dead tokens are revived, once"


async def test_a_good_token_does_not_prove_that_bad_ones_are_good(world: World) -> None:
    world.apns.says = BAD_TOKEN
    world.send(*(a_target() for _ in range(10)))
    world.apns.says = ACCEPTED
    for _ in range(20):
        world.now += LAST_PROBE_SECONDS
        assert world.verdict() is OutcomeKind.ACCEPTED
    assert world.proven == []
    assert world.stopped == []


@pytest.mark.parametrize("accomplices", [1, 2, 5])
async def test_accounts_in_one_hand_that_make_up_tokens_stop_only_their_own_pushes(
    world: World, accomplices: int
) -> None:
    attackers = [ATTACKER, *(uuid.UUID(int=100 + number) for number in range(accomplices))]
    phone = a_target()
    for step in range(2000):
        world.now += 0.02
        world.apns.says = ACCEPTED
        if step % 25 == 0:
            world.outcomes.pop(phone, None)
            assert world.send(phone, account_id=NEIGHBOUR) == [ACCEPTED]
        world.apns.says = BAD_TOKEN
        world.send(a_target(), account_id=attackers[step % len(attackers)])
    assert set(world.stopped) <= {f"sandbox com.example.app of account {one}" for one in attackers}
    assert not [route for route, _, _ in world.told if route == "sandbox com.example.app"]


async def test_accounts_that_make_up_tokens_stop_no_route_that_is_new(world: World) -> None:
    world.apns.says = BAD_TOKEN
    for account_id in (ATTACKER, ACCOMPLICE, OTHER):
        world.send(*(a_target() for _ in range(30)), account_id=account_id)
    assert "sandbox com.example.app" not in world.stopped
    world.apns.says = ACCEPTED
    assert world.send(a_target(), account_id=NEIGHBOUR) == [ACCEPTED]


async def test_tokens_that_were_good_and_are_refused_now_stop_each_account_at_its_sixth(world: World) -> None:
    """So it is when the environment or the topic is set wrong while the server runs."""
    phones = {account_id: [a_target() for _ in range(8)] for account_id in (NEIGHBOUR, OTHER)}
    for account_id, targets in phones.items():
        world.send(*targets, account_id=account_id)
    world.outcomes.clear()
    world.apns.says = BAD_TOKEN
    for account_id, targets in phones.items():
        assert world.send(*targets, account_id=account_id).count(BAD_TOKEN) == MAX_BELIEVED
    assert world.stopped == [f"sandbox com.example.app of account {account_id}" for account_id in (NEIGHBOUR, OTHER)]


async def test_however_many_apps_are_made_up_a_wrong_key_stops_its_environment(world: World) -> None:
    world.apns.says = TOPIC_WRONG
    for number in range(MAX_ROUTES + 10):
        world.send(a_target(bundle_id=f"com.example.made-up-{number}"))
    assert len(world.stopped) == MAX_ROUTES
    world.apns.says = KEY_WRONG
    world.send(a_target())
    assert world.verdict() is OutcomeKind.HELD


async def test_removed_apps_never_stop_a_route(world: World) -> None:
    world.apns.says = GONE
    assert world.send(*(a_target() for _ in range(500))) == [GONE] * 500
    assert world.stopped == []


async def test_a_route_that_has_done_nothing_wrong_lately_is_not_remembered(world: World) -> None:
    for number in range(100):
        world.apns.says = BAD_TOKEN if number % 2 else ACCEPTED
        world.send(a_target())
    world.apns.says = ACCEPTED
    world.send(a_target())
    assert not world.sender._breakers
    world.apns.says = KEY_WRONG
    world.send(a_target())
    for _ in range(3):
        world.apns.says = ACCEPTED
        world.now += 120
        world.send(a_target())
    assert not world.sender._breakers
    assert world.stopped == []


async def test_a_route_over_which_nothing_is_owed_any_more_raises_no_alarm(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded_sender, "IDLE_SECONDS", 0.01)
    world.apns.says = KEY_WRONG
    world.send(a_target())
    world.now += 1

    async def is_forgotten() -> bool:
        return not world.stopped

    await eventually_async("it is forgotten", is_forgotten)
    assert [stopped for _, _, stopped in world.told] == [True, False]
