"""The rules of a circuit breaker: its table of states, how far an answer goes, and which refused tokens it believes."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_service.sending.circuit_breaker import (
    FIRST_PROBE_SECONDS,
    FORGET_SECONDS,
    MAX_BELIEVED,
    BreakerState,
    CircuitBreaker,
    Route,
    Step,
    step_of,
)
from core_service.sending.port import Concern, Outcome, OutcomeKind, Target

ACCEPTED = Outcome(OutcomeKind.ACCEPTED)
KEY_WRONG = Outcome(OutcomeKind.MISCONFIGURED, "InvalidProviderToken", concern=Concern.SENDER)
TOPIC_WRONG = Outcome(OutcomeKind.MISCONFIGURED, "TopicDisallowed", concern=Concern.TOPIC)
BAD_TOKEN = Outcome(OutcomeKind.TOKEN_DEAD, "BadDeviceToken", concern=Concern.TOKEN_OR_SERVER)
GONE = Outcome(OutcomeKind.TOKEN_DEAD, "Unregistered", concern=Concern.TOKEN)
LOST = Outcome(OutcomeKind.RETRY, "ConnectionLost", concern=Concern.NETWORK)

TARGET = Target(uuid.uuid4(), uuid.uuid4(), "a token", "sandbox", "com.example.app", uuid.uuid4())
ROUTES = Route.steps(TARGET, uuid.uuid4())


def an_open(step: Step) -> CircuitBreaker:
    """A breaker that opened at second 0."""
    breaker = CircuitBreaker(ROUTES[step])
    token = 0
    while not breaker.refuse(f"refused {token}", "some reason", 0.0):
        token += 1
    return breaker


# fmt: off
PROBES = [
    # the breaker's route, the answer to its probe, its state then
    (Step.SENDER, KEY_WRONG, BreakerState.OPEN),
    (Step.SENDER, TOPIC_WRONG, BreakerState.CLOSED),
    (Step.SENDER, BAD_TOKEN, BreakerState.CLOSED),
    (Step.SENDER, GONE, BreakerState.CLOSED),
    (Step.SENDER, ACCEPTED, BreakerState.CLOSED),
    (Step.SENDER, LOST, BreakerState.OPEN),
    (Step.TOPIC, KEY_WRONG, BreakerState.OPEN),
    (Step.TOPIC, TOPIC_WRONG, BreakerState.OPEN),
    (Step.TOPIC, BAD_TOKEN, BreakerState.CLOSED),
    (Step.TOPIC, GONE, BreakerState.CLOSED),
    (Step.TOPIC, ACCEPTED, BreakerState.CLOSED),
    (Step.TOPIC, LOST, BreakerState.OPEN),
    (Step.TOKEN, KEY_WRONG, BreakerState.OPEN),
    (Step.TOKEN, TOPIC_WRONG, BreakerState.OPEN),
    (Step.TOKEN, BAD_TOKEN, BreakerState.OPEN),
    (Step.TOKEN, GONE, BreakerState.CLOSED),
    (Step.TOKEN, ACCEPTED, BreakerState.CLOSED),
    (Step.TOKEN, LOST, BreakerState.OPEN),
]
# fmt: on


@pytest.mark.parametrize(("step", "answer", "state"), PROBES)
def test_a_probe_closes_what_it_has_passed_and_nothing_else(step: Step, answer: Outcome, state: BreakerState) -> None:
    breaker = an_open(step)
    ticket = breaker.start(FIRST_PROBE_SECONDS)
    assert breaker.state is BreakerState.HALF_OPEN
    breaker.probed(ticket, "a token", answer, FIRST_PROBE_SECONDS)
    assert breaker.state is state


@pytest.mark.parametrize(("step", "probes"), [(Step.SENDER, 1), (Step.TOPIC, 1), (Step.TOKEN, 4)])
def test_only_its_probes_pass_a_breaker_that_is_not_closed(step: Step, probes: int) -> None:
    breaker = an_open(step)
    assert not breaker.admits("a token", FIRST_PROBE_SECONDS - 0.1)
    for number in range(probes):
        assert breaker.admits(f"token {number}", FIRST_PROBE_SECONDS)
        breaker.start(FIRST_PROBE_SECONDS)
    assert not breaker.admits("another", FIRST_PROBE_SECONDS)
    assert not breaker.admits("another", 60.0), "the probes are not answered"


def test_what_is_wrong_with_the_sender_or_the_topic_opens_at_once_and_tokens_only_at_the_sixth() -> None:
    assert CircuitBreaker(ROUTES[Step.SENDER]).refuse("a", "", 0.0)
    assert CircuitBreaker(ROUTES[Step.TOPIC]).refuse("a", "", 0.0)
    assert [CircuitBreaker(ROUTES[Step.TOKEN]).refuse("a", "", 0.0)] == [False]


def test_the_answer_to_a_probe_of_before_neither_closes_nor_opens_a_breaker() -> None:
    breaker = an_open(Step.TOKEN)
    first, late = breaker.start(2.0), breaker.start(2.0)
    breaker.probed(first, "a", ACCEPTED, 3.0)
    breaker.probed(late, "b", BAD_TOKEN, 3.0)
    assert breaker.state is BreakerState.CLOSED
    for number in range(MAX_BELIEVED + 1):
        breaker.refuse(f"again {number}", "", 4.0)
    breaker.probed(late, "b", ACCEPTED, 5.0)
    assert breaker.state is BreakerState.OPEN


@pytest.mark.parametrize("step", [Step.SENDER, Step.TOPIC])
def test_probes_are_2_4_and_then_8_seconds_apart(step: Step) -> None:
    breaker, now, apart = an_open(step), 0.0, []
    for _ in range(5):
        began = now
        while not breaker.admits("a token", now):
            now += 0.5
        apart.append(now - began)
        refusal = KEY_WRONG if step is Step.SENDER else TOPIC_WRONG
        breaker.probed(breaker.start(now), "a token", refusal, now)
    assert apart == [2, 4, 8, 8, 8]


@pytest.mark.parametrize("verdict", list(OutcomeKind))
@pytest.mark.parametrize("concern", [None, *Concern])
def test_every_answer_has_a_step_or_none(verdict: OutcomeKind, concern: Concern | None) -> None:
    step = step_of(Outcome(verdict, "some reason", concern=concern))
    if concern is Concern.TOKEN_OR_SERVER:
        assert step is Step.TOKEN
    elif verdict is OutcomeKind.MISCONFIGURED:
        assert step is (Step.SENDER if concern is Concern.SENDER else Step.TOPIC), "an unknown one concerns one app"
    else:
        assert step is (Step.PASSED if verdict in (OutcomeKind.ACCEPTED, OutcomeKind.TOKEN_DEAD) else None)


tokens = st.integers(0, 30).map(str)
said = st.lists(st.tuples(st.booleans(), tokens), max_size=200)
"""What APNs said, accepted or refused, of which token."""


def hear(breaker: CircuitBreaker, words: list[tuple[bool, str]]) -> list[str]:
    """The tokens that were believed to be bad."""
    believed = []
    for accepted, token in words:
        if accepted:
            breaker.accept(token, 0.0)
        elif breaker.state is BreakerState.CLOSED and not breaker.refuse(token, "BadDeviceToken", 0.0):
            believed.append(token)
    return believed


@given(said, st.lists(tokens, unique=True))
def test_a_jump_costs_five_tokens_at_most_whatever_was_before(before: list[tuple[bool, str]], jump: list[str]) -> None:
    breaker = CircuitBreaker(ROUTES[Step.TOKEN])
    hear(breaker, before)
    assert len(hear(breaker, [(False, f"new {token}") for token in jump])) <= MAX_BELIEVED


@given(said)
def test_more_are_believed_only_as_others_are_accepted(words: list[tuple[bool, str]]) -> None:
    believed = set(hear(CircuitBreaker(ROUTES[Step.TOKEN]), words))
    accepted = sum(is_accepted for is_accepted, _ in words)
    assert len(believed) <= MAX_BELIEVED * (1 + accepted)


@given(st.lists(tokens, min_size=1, max_size=300))
def test_a_trickle_of_bad_tokens_never_stops_a_route_that_works(bad: list[str]) -> None:
    breaker = CircuitBreaker(ROUTES[Step.TOKEN])
    for token in bad:
        assert not breaker.refuse(token, "BadDeviceToken", 0.0)
        breaker.accept("a phone that is well", 0.0)
    assert breaker.is_idle


@given(st.lists(st.sampled_from("abcde"), max_size=300))
def test_up_to_five_phones_with_bad_tokens_never_stop_a_route_however_often_they_report_them(bad: list[str]) -> None:
    breaker = CircuitBreaker(ROUTES[Step.TOKEN])
    assert not any(breaker.refuse(token, "BadDeviceToken", 0.0) for token in bad)


@given(st.lists(tokens, unique=True, min_size=1), tokens)
def test_only_a_token_that_was_refused_before_proves_the_server_at_fault(refused: list[str], accepted: str) -> None:
    breaker = CircuitBreaker(ROUTES[Step.TOKEN])
    for token in refused:
        if breaker.state is BreakerState.CLOSED:
            breaker.refuse(token, "BadDeviceToken", 0.0)
        else:
            breaker.refuse_more(token)
    breaker.close(1.0)
    assert breaker.accept(accepted, 2.0) is (accepted in refused)


def test_what_was_long_ago_is_forgotten() -> None:
    for seconds, opens in ((FORGET_SECONDS - 1, True), (FORGET_SECONDS + 1, False)):
        breaker = CircuitBreaker(ROUTES[Step.TOKEN])
        for number in range(MAX_BELIEVED):
            breaker.refuse(str(number), "BadDeviceToken", 0.0)
        assert breaker.refuse("next", "BadDeviceToken", seconds) is opens
