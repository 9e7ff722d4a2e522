"""Where a text may be cut."""

import unicodedata

import pytest
from activitysmith_cli.running.card import SUBTITLE_LENGTH, Card, RunType
from activitysmith_cli.running.graphemes import cut, graphemes, overwritten, shown, without_cut_start
from hypothesis import given
from hypothesis import strategies as st

FAMILY = "👨\u200d👩\u200d👧"
ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    "piece",
    ["a", "e\u0301", FAMILY, "👍🏽", "❤\ufe0f", "1\ufe0f\u20e3", ENGLAND, "🇩🇪", "\u1112\u1161\u11ab", "\ud558\u11ab",
     "क्ष", "கி", "\u0600\u0661", "ｶﾞ", "🏳\ufe0f\u200d🌈", "می\u200c"[1:]],
)  # fmt: skip
def test_what_a_person_sees_as_one_character_is_one(piece: str) -> None:
    assert graphemes(f"x{piece}y") == ["x", piece, "y"]
    assert graphemes(piece * 2) == [piece, piece]


@pytest.mark.parametrize("length", range(8, 30))
def test_a_text_is_cut_between_characters(length: int) -> None:
    text = f"{FAMILY}{ENGLAND}🇩🇪🇫🇷e\u0301👍🏽" * 3
    beginning = cut(text, length)
    assert len(beginning) <= length
    assert beginning.endswith("…")
    pieces = graphemes(text)
    assert beginning[:-1] in {"".join(pieces[:count]) for count in range(len(pieces))}


def test_a_cards_subtitle_ends_with_a_whole_character() -> None:
    for before in range(40):
        card = Card("run", RunType.PROGRESS, None)
        card.written.feed(1, ("x" * before + FAMILY * 30).encode())
        subtitle = str(card.running(1)["subtitle"])
        assert len(subtitle) <= SUBTITLE_LENGTH
        assert subtitle.removesuffix("…").endswith(FAMILY)


@given(st.text(max_size=60), st.integers(2, 40))
def test_whatever_is_written_is_cut_to_its_length_and_nothing_is_made_up(text: str, length: int) -> None:
    assert "".join(graphemes(text)) == text
    assert len(cut(text, length)) <= length
    assert "\b" not in overwritten(text)


@given(st.text(max_size=60))
def test_nothing_that_is_shown_controls_a_terminal_or_turns_the_text_around(text: str) -> None:
    seen = shown(text)
    assert not [one for one in seen if unicodedata.category(one) == "Cc" or "\u202a" <= one <= "\u202e"]
    assert shown(seen) == seen


def test_a_character_that_was_cut_at_the_front_is_left_out() -> None:
    assert without_cut_start(FAMILY[1:] + " a") == FAMILY[2:] + " a"
    assert without_cut_start("\u0301a") == "a"
