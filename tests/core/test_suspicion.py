"""When refused tokens are believed to be bad, and when the line is to blame."""

from hypothesis import given
from hypothesis import strategies as st

from core_service.sending.suspicion import MAX_BELIEVED, WINDOW_SECONDS, Suspicion

tokens = st.integers(0, 30).map(str)
said = st.lists(st.tuples(st.booleans(), tokens), max_size=200)
"""What APNs said, accepted or refused, of which token."""


def hear(suspicion: Suspicion, words: list[tuple[bool, str]]) -> list[bool]:
    """Whether the line was to blame, for each refusal."""
    blamed = []
    for accepted, token in words:
        if accepted:
            suspicion.accepted(token)
        else:
            blamed.append(suspicion.refused(token, 0.0))
    return blamed


@given(said, st.lists(tokens, unique=True))
def test_a_jump_costs_five_tokens_at_most_whatever_was_before(before: list[tuple[bool, str]], jump: list[str]) -> None:
    suspicion = Suspicion()
    hear(suspicion, before)
    blamed = hear(suspicion, [(False, f"new {token}") for token in jump])
    assert blamed.count(False) <= MAX_BELIEVED
    assert blamed == sorted(blamed), "once the line is to blame it stays so"


@given(said)
def test_more_are_believed_only_as_others_are_accepted(words: list[tuple[bool, str]]) -> None:
    suspicion, believed, accepted = Suspicion(), set(), 0
    for is_accepted, token in words:
        if is_accepted:
            suspicion.accepted(token)
            accepted += 1
        elif not suspicion.refused(token, 0.0):
            believed.add(token)
    assert len(believed) <= MAX_BELIEVED + accepted


@given(st.lists(tokens, min_size=1, max_size=300))
def test_a_trickle_of_bad_tokens_never_stops_a_line_that_works(bad: list[str]) -> None:
    suspicion = Suspicion()
    for token in bad:
        assert suspicion.refused(token, 0.0) is False
        assert suspicion.accepted("a phone that is well")


@given(st.lists(st.sampled_from("abcde"), max_size=300))
def test_up_to_five_phones_with_bad_tokens_never_stop_a_line_however_often_they_report_them(bad: list[str]) -> None:
    suspicion = Suspicion()
    assert not any(suspicion.refused(token, 0.0) for token in bad)


@given(st.integers(1, 20))
def test_one_phone_alone_does_not_speak_for_a_line_with_each_of_its_pushes(pushes: int) -> None:
    suspicion = Suspicion()
    for number in range(MAX_BELIEVED):
        suspicion.refused(f"bad {number}", 0.0)
    for _ in range(pushes):
        suspicion.accepted("well")
    assert [suspicion.refused(f"other {number}", 0.0) for number in range(2)] == [False, True]


def test_a_token_that_is_accepted_after_all_is_held_against_nobody() -> None:
    suspicion = Suspicion()
    suspicion.refused("a", 0.0)
    assert suspicion.accepted("a")


def test_what_was_long_ago_is_forgotten() -> None:
    suspicion = Suspicion()
    for number in range(MAX_BELIEVED):
        suspicion.refused(str(number), 0.0)
    assert suspicion.refused("next", WINDOW_SECONDS - 1)
    assert not suspicion.refused("next", WINDOW_SECONDS + 1)
