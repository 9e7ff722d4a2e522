"""Credentials are taken out of texts that are kept, whatever the texts are."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_kit.redaction import redacted

SECONDS = 5.0
"""For a text of a megabyte. What reads on to the end from every letter would take hours."""
BY_DEFINITION = re.compile(r"(://[^\s/:@]*):[^\s@]+@")
"""What a password in a URL is. It takes the square of the text's length."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://ann:secret@db/smith", "postgresql://ann:[redacted]@db/smith"),
        ("redis://:secret@cache:6379 is away", "redis://:[redacted]@cache:6379 is away"),
        ("a://b:c:d/e@f g://h:i@j", "a://b:[redacted]@f g://h:[redacted]@j"),
        ("http://host:80/path and ann@example.com", "http://host:80/path and ann@example.com"),
        ("x://a/y://b:c@d", "x://a/y://b:[redacted]@d"),
        ("x://a:@b", "x://a:@b"),
    ],
)
def test_passwords_of_urls_are_taken_out(text: str, expected: str) -> None:
    assert redacted(text) == expected


@given(st.text(st.sampled_from(":/@a \n"), max_size=24))
def test_what_is_a_password_is_as_the_definition_says(text: str) -> None:
    assert redacted(text) == BY_DEFINITION.sub(r"\1:[redacted]@", text)


@pytest.mark.parametrize("piece", ["://a:", "://", "a", "@", "ask_", "bearer ", "authorization ", " ", "://a:b@"])
def test_a_long_text_takes_no_longer_than_its_length(piece: str) -> None:
    began = time.process_time()
    redacted(piece * (1_000_000 // len(piece)))
    assert time.process_time() - began < SECONDS
