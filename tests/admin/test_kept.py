"""What a page shows again stays in place if it says the same, and is drawn again if it does not."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from nicegui import ui
from nicegui.testing import User, user_simulation

from admin_ui.components.html import text
from admin_ui.components.kept import Kept, KeptFacts, KeptRows

Page = Callable[[], AbstractContextManager[Any]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page() -> AsyncIterator[Page]:
    """Enters a page, to draw on it."""

    def root() -> None:
        ui.element("div").mark("here")

    async with user_simulation(root) as user:
        await user.open("/")

        def here(user: User = user) -> AbstractContextManager[Any]:
            (place,) = user.find(marker="here").elements
            return place

        yield here


def said(element: ui.element) -> list[str]:
    """The texts in it, in their order."""
    return [one._text for one in element.descendants() if one._text]


@pytest.mark.parametrize(
    ("first", "second", "stays"),
    [
        (partial(text, "a"), partial(text, "a"), True),
        (partial(text, "a", "strong"), partial(text, "a", classes="strong"), False),
        (partial(text, "a", classes="strong"), partial(text, "a", classes="strong"), True),
        (partial(text, "a", classes="strong"), partial(text, "a", classes="muted"), False),
        (partial(text, "a"), partial(text, "a", "strong"), False),
        (partial(text, "a"), partial(ui.label, "a"), False),
        (partial(lambda draw: draw(), partial(text, "a")), partial(lambda draw: draw(), partial(text, "a")), False),
        (partial(partial, partial(text, "a")), partial(partial, partial(text, "a")), True),
        (partial(partial, partial(text, "a")), partial(partial, partial(text, "b")), False),
        (partial(text, "a"), None, False),
        (None, None, True),
    ],
)
def test_a_part_is_drawn_again_if_it_would_be_drawn_otherwise(
    page: Page, first: "partial[Any] | None", second: "partial[Any] | None", *, stays: bool
) -> None:
    with page():
        part = Kept()
    part.show(first)
    before = list(part)
    part.show(second)
    assert all(one.is_deleted is not stays for one in before)
    assert part.visible is (second is not None)


def test_a_part_whose_drawing_failed_is_drawn_by_the_next_try(page: Page) -> None:
    fails = [True]

    def draw() -> None:
        text("half")
        if fails.pop():
            raise ValueError("half is all")
        text("whole")

    with page():
        part = Kept()
    with pytest.raises(ValueError, match="half is all"):
        part.show(partial(draw))
    fails.append(False)
    part.show(partial(draw))
    assert said(part) == ["half", "whole"]


@given(st.lists(st.lists(st.integers(0, 9), unique=True), max_size=8))
def test_rows_come_go_and_change_places_and_those_that_were_there_stay(page: Page, wanted: list[list[int]]) -> None:
    with page():
        rows: KeptRows[int, ui.element] = KeptRows(lambda key: text(str(key)))
    shown: dict[int, ui.element] = {}
    for keys in wanted:
        arranged = rows.arrange(keys)
        assert said(rows) == [str(key) for key in keys]
        assert list(rows) == arranged
        for key, row in zip(keys, arranged, strict=True):
            assert shown.get(key, row) is row
        assert all(row.is_deleted for key, row in shown.items() if key not in keys)
        shown = dict(zip(keys, arranged, strict=True))


def test_of_facts_only_the_value_that_differs_is_drawn_again(page: Page) -> None:
    with page():
        facts = KeptFacts()
    facts.show({"Version": partial(text, "1"), "For": partial(text, "Everybody")})
    version, audience = (list(row) for row in facts)
    facts.show({"Version": partial(text, "2"), "For": partial(text, "Everybody"), "Ended": partial(text, "now")})
    assert said(facts) == ["Version", "2", "For", "Everybody", "Ended", "now"]
    assert all(one.is_deleted for one in version)
    assert not any(one.is_deleted for one in audience)
