"""The header `Prefer`, as RFC 7240 has it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.preferences import wants_strict_handling


def strict(*values: str) -> bool:
    """Whether headers with these values ask for it."""
    headers = [(b"host", b"x"), *((b"prefer", value.encode("latin-1")) for value in values)]
    return wants_strict_handling(headers)


@pytest.mark.parametrize(
    "values",
    [
        ["handling=strict"],
        ["Handling=STRICT"],
        ["handling = strict"],
        ['handling="strict"'],
        ['handling="s\\trict"'],
        ["handling=strict;foo=bar"],
        ['handling=strict ; foo="a,b;c" ; bar'],
        ["respond-async, wait=10, handling=strict"],
        ["respond-async", "wait=10", "handling=strict"],
        [",, handling=strict ,"],
        ["handling=strict, handling=lenient"],
        ["handling=strict", "handling=lenient"],
        ['foo="handling=lenient, \\" x"; a=b, handling=strict'],
        ["foo=; bar=, handling=strict"],
        ["@@@ nonsense, handling=strict"],
        ["return=minimal;;, handling=strict;"],
        ["caf\xe9=1, handling=strict"],
    ],
)
def test_strict_handling_is_asked_for(values: list[str]) -> None:
    assert strict(*values)


@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        ["handling"],
        ["handling="],
        ["handling=lenient"],
        ["handling=stricter"],
        ["handling=lenient, handling=strict"],
        ["handling=lenient", "handling=strict"],
        ["return=minimal; handling=strict"],
        ['foo="handling=strict"'],
        ['foo=", handling=strict"'],
        ['foo=", handling=strict'],
        ['foo="\\", handling=strict\\'],
        ["xhandling=strict"],
        ["handling strict"],
        ["handling=strict lenient"],
    ],
)
def test_it_is_not_asked_for(values: list[str]) -> None:
    assert not strict(*values)


@given(st.lists(st.text(alphabet='handlig=strc ;,"\\\t@', max_size=40), max_size=3))
def test_any_text_is_judged(values: list[str]) -> None:
    """Without an exception, and the same each time."""
    assert strict(*values) is strict(*values)


@pytest.mark.parametrize(
    "text",
    [
        *("; " * 30_000, "a=" * 30_000, '"' * 60_000, "a ; " * 15_000 + "@", "\\" * 60_000),
        *('\\"' * 30_000, ',y=\\"' * 12_000, 'a="\\",' * 12_000),
    ],
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    strict(f"a{text}", f'a="{text}')
    assert time.process_time() - began < 1
