"""Cards say in words and in figures what a content state or a notification says, whatever it is."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from nicegui import ElementFilter, ui
from nicegui.testing import User, user_simulation

from admin_ui.activity_types.registry import read
from admin_ui.components.activity_card import ActivityCard
from admin_ui.components.lock_screen import activity_card, notification_card

STEPS = {"title": "Backup", "type": "segmented_progress", "number_of_steps": 4, "current_step": 2}
MARKUP = "<script>alert(1)</script><b>bold</b>"

Draw = Callable[[Callable[[], ui.element]], Any]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def screen() -> AsyncIterator[tuple[User, Draw]]:
    """A page, and what draws one card on it in place of the one before."""

    def root() -> None:
        ui.element("div").mark("here")

    async with user_simulation(root) as user:
        await user.open("/")

        def draw(make: Callable[[], ui.element]) -> ui.element:
            (here,) = user.find(marker="here").elements
            here.clear()
            with here:
                return make()

        yield user, draw


def progress_of(user: User) -> list[tuple[Any, Any]]:
    """What screen readers are told of each bar."""
    with user:
        bars = [one for one in ElementFilter(kind=ui.element) if one.props.get("role") == "progressbar"]
    return [(bar.props["aria-valuenow"], bar.props["aria-valuetext"]) for bar in bars]


@pytest.mark.parametrize(
    ("state", "words", "bars"),
    [
        (STEPS, ["Backup", "2/4"], [(2, "step 2 of 4")]),
        ({**STEPS, "number_of_steps": 300, "current_step": 150}, ["150/300"], [(50, "step 150 of 300")]),
        ({"title": "Car", "subtitle": "fast", "type": "progress", "percentage": 42.5}, ["fast"], [(42, "42.5%")]),
        ({"title": "Car", "type": "progress", "value": 3, "upper_limit": 12}, ["3/12"], [(25, "3/12")]),
        ({**STEPS, "type": "counter"}, ["2"], [(50, "2 of 4")]),
        ({**STEPS, "type": "timer"}, ["2/4"], [(50, "2 of 4")]),
        ({"title": "Refund", "type": "alert", "message": "Lumen came back"}, ["Lumen came back"], []),
        ({"title": "Sales", "type": "value", "value": "0007"}, ["0007"], []),
        ({"title": "Sales", "type": "value", "value": -12.75}, ["-12.75"], []),
        (
            {"title": "Bench", "type": "timer", "timer": {"counts_down": True, "starts_at": 1, "ends_at": 251}},
            ["0:00"],
            [(0, "0:00")],
        ),
        (
            {
                "title": "Bench",
                "type": "timer",
                "timer": {"counts_down": False, "starts_at": 1, "ends_at": 401, "paused_at": 101},
            },
            ["1:40"],
            [(25, "1:40")],
        ),
        (
            {"title": "t", "type": "progress", "percentage": 5, "icon": {"symbol": "bolt"}, "badge": {"title": "New"}},
            ["5%", "bolt", "New"],
            [(5, "5%")],
        ),
        ({**STEPS, "type": "countdown", "current_step": 1}, ["3"], [(75, "3 left of 4")]),
        (
            {"title": "Health", "type": "metrics", "metrics": [{"label": "CPU", "value": 9, "unit": "%"}]},
            ["CPU", "9", "%"],
            [(9, "9%")],
        ),
    ],
)  # fmt: skip
async def test_every_type_is_told_in_figures_and_to_screen_readers(
    screen: tuple[User, Draw], state: dict[str, Any], words: list[str], bars: list[tuple[Any, Any]]
) -> None:
    user, draw = screen
    draw(lambda: activity_card(state))
    for word in words:
        await user.should_see(word)
    assert progress_of(user) == bars


async def test_an_update_moves_the_elements_that_are_there(screen: tuple[User, Draw]) -> None:
    user, draw = screen
    card: ActivityCard = draw(lambda: activity_card(STEPS))
    before = {element.id for element in card.descendants()}
    card.update_state({**STEPS, "current_step": 3, "step_color": "red"})
    assert {element.id for element in card.descendants()} == before
    assert progress_of(user) == [(3, "step 3 of 4")]
    card.update_state({"title": "Backup", "type": "progress", "percentage": 99}, ended=True)
    assert progress_of(user) == [(99, "99%")]


async def test_that_a_card_has_ended_is_told_to_screen_readers_and_not_drawn(screen: tuple[User, Draw]) -> None:
    user, draw = screen
    card: ActivityCard = draw(lambda: activity_card(STEPS, ended=True))
    assert card.props["aria-label"] == "Live Activity, ended: Backup"
    await user.should_not_see("nded")
    card.update_state(STEPS)
    assert card.props["aria-label"] == "Live Activity: Backup"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (42, "%", "42%"), (12, "jobs", "12\u00a0jobs"), (21, "°C", "21°C"), (5, " ms ", "5\u00a0ms"), (7, "", "7"),
        ("3,4", "GB", "3,4\u00a0GB"), (2, "×", "2×"),
    ],
)  # fmt: skip
async def test_a_unit_is_apart_from_its_number_as_people_write_it(
    screen: tuple[User, Draw], value: Any, unit: str, shown: str
) -> None:
    user, draw = screen
    metric = {"label": "m", "value": value, "unit": unit}
    draw(lambda: activity_card({"title": "Queue", "type": "metrics", "metrics": [metric]}))
    with user:
        [tile] = [one for one in ElementFilter(kind=ui.element) if one.tag == "dd"]
        assert "".join(str(getattr(one, "text", "")) for one in tile.descendants()) == shown
    assert read({"type": "metrics", "metrics": [metric]}).body.short_figure == shown


async def test_the_number_for_the_icon_is_no_part_of_a_notification(screen: tuple[User, Draw]) -> None:
    user, draw = screen
    draw(lambda: notification_card({"title": "Paid", "badge": 8333}))
    await user.should_not_see("8333")


async def test_metrics_for_which_there_is_no_room_are_counted(screen: tuple[User, Draw]) -> None:
    user, draw = screen
    metrics = [{"label": f"m{number}", "value": number} for number in range(50)]
    draw(lambda: activity_card({"title": "Many", "type": "metrics", "metrics": metrics}))
    await user.should_see("m7")
    await user.should_not_see("m8")
    await user.should_see("and 42 more")


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"title": None, "type": "nothing"},
        {"title": 5, "type": "metrics", "metrics": "x"},
        {"type": "metrics", "metrics": [None, {}, {"label": 1, "value": "9"}]},
        {"type": "segmented_progress", "number_of_steps": -4, "current_step": 10**400},
        {"type": "segmented_progress", "number_of_steps": 3, "current_step": 9, "step_colors": ["ultraviolet", 5]},
        {"type": "progress", "percentage": float("nan"), "value": 5, "upper_limit": 0},
        {"type": "progress", "percentage": True, "color": ["lime"]},
    ],
)
async def test_what_is_half_composed_is_drawn_as_far_as_it_goes(
    screen: tuple[User, Draw], state: dict[str, Any]
) -> None:
    _, draw = screen
    card: ActivityCard = draw(lambda: activity_card(STEPS))
    card.update_state(state)


async def test_texts_are_shown_as_text_and_never_as_markup(screen: tuple[User, Draw]) -> None:
    user, draw = screen
    button = {"title": MARKUP, "type": "open_url", "url": "javascript:alert(1)"}
    media = "javascript:alert(1)//x.png"
    for make in (
        lambda: activity_card({**STEPS, "title": MARKUP, "subtitle": MARKUP}, [button]),
        lambda: notification_card({"title": MARKUP, "message": MARKUP, "actions": [button]}, expanded=True),
        lambda: notification_card({"title": MARKUP, "media": media}, expanded=True, on_open=lambda: None),
    ):
        draw(make)
        await user.should_see(MARKUP)
        with user:
            drawn = list(ElementFilter(kind=ui.element))
        assert not [one for one in drawn if MARKUP in str(one.props.get("innerHTML"))]
        assert not [one for one in drawn for name in ("href", "src") if "javascript" in str(one.props.get(name))]


async def test_a_number_without_a_gauge_has_the_color_that_it_was_given(screen: tuple[User, Draw]) -> None:
    user, draw = screen
    sales = [{"label": "Revenue", "value": "$2430", "color": "red"}, {"label": "Orders", "value": 37}]

    def colored() -> list[bool]:
        with user:
            tiles = [one for one in ElementFilter(kind=ui.element) if "lock-metric" in one.classes]
        return ["is-colored" in tile.classes for tile in tiles]

    draw(lambda: activity_card({"title": "Sales", "type": "stats", "metrics": sales}))
    assert colored() == [True, False]
    draw(lambda: activity_card({"title": "Load", "type": "metrics", "metrics": [sales[1] | {"color": "red"}]}))
    assert colored() == [False], "its gauge has it"


async def test_a_notification_says_that_it_breaks_through(screen: tuple[User, Draw]) -> None:
    user, draw = screen
    draw(lambda: notification_card({"title": "Down", "interruption_level": "time-sensitive"}))
    await user.should_see("Time Sensitive")
    draw(lambda: notification_card({"title": "Summary", "interruption_level": "passive"}))
    await user.should_not_see("Time Sensitive")


async def test_the_own_icon_of_a_notification_is_there_once_somebody_wants_to_see_it(
    screen: tuple[User, Draw],
) -> None:
    user, draw = screen
    icon = "https://cdn.example.com/stripe.png"
    draw(lambda: notification_card({"title": "Paid", "icon": icon}))
    await user.should_not_see("Icon from cdn.example.com")
    draw(lambda: notification_card({"title": "Paid", "icon": icon}, expanded=True))
    await user.should_see("Icon from cdn.example.com")
    with user:
        (image,) = [one for one in ElementFilter(kind=ui.element) if one.tag == "img"]
    assert (image.props["src"], image.props["referrerpolicy"]) == (icon, "no-referrer")
    draw(lambda: notification_card({"title": "Paid", "icon": "javascript:alert(1)"}, expanded=True))
    await user.should_not_see("Icon from")


async def test_nothing_is_asked_of_the_host_of_media_before_somebody_wants_to_see_them(
    screen: tuple[User, Draw],
) -> None:
    user, draw = screen

    def images() -> list[ui.element]:
        with user:
            return [one for one in ElementFilter(kind=ui.element) if one.tag == "img"]

    draw(lambda: notification_card({"title": "Ready", "media": "https://cdn.example.com/output/v2.png"}))
    assert not images()
    user.find(marker="expand").click()
    (image,) = images()
    assert image.props["src"] == "https://cdn.example.com/output/v2.png"
    assert image.props["referrerpolicy"] == "no-referrer"
    draw(lambda: notification_card({"title": "Song", "media": "https://cdn.example.com/a.mp3"}, expanded=True))
    assert not images()
    await user.should_see("cdn.example.com, plays on the phone")
