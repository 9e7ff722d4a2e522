"""The overview: figures that move, first steps, and alarms."""

import pytest
from nicegui import ElementFilter
from nicegui.elements.mixins.text_element import TextElement
from nicegui.testing import User

from admin_ui.components.figures import change
from tests.admin.conftest import Open, Person
from tests.admin.looking import sees
from tests.core.harness import Account
from tests.waiting import eventually_async


async def test_the_first_steps_are_ticked_off_and_stay_until_a_phone_is_real(owner: User, account: Account) -> None:
    await owner.open("/")
    await sees(owner, "First steps", "Create an API key", "Pair a phone", "Send the first push", "Show a Live Activity")
    await sees(owner, "Invite a second person", "Reach a real phone")
    await account.add_key()
    await account.add_startable_phone()
    await account.owner.SendPushNotification(title="Build finished")
    await account.add_member()

    async def ticks() -> bool:
        return len(shown(owner, "done")) == 4 and len(shown(owner, "Do it")) == 3

    await eventually_async("four steps are done; a Live Activity, a real phone and a backup are not", ticks)
    await account.owner.StartLiveActivity(content_state={"title": "Deploy", "type": 2, "percentage": 1})
    await eventually_async("five steps are done", lambda: counts(owner, "done", 5))


def shown(user: User, words: str) -> list[object]:
    with user:
        return [one for one in ElementFilter(kind=TextElement) if one.text == words]


async def counts(user: User, words: str, number: int) -> bool:
    return len(shown(user, words)) == number


async def test_the_figures_say_how_many_phones_cannot_be_reached(owner: User, account: Account) -> None:
    await owner.open("/")
    await sees(owner, "none paired yet")
    await account.add_startable_phone()
    await sees(owner, "all can be reached")
    await account.add_phone(name="Waits for its app")
    await sees(owner, "1 cannot be reached")


async def test_what_happens_is_told_as_it_happens(owner: Person, account: Account) -> None:
    await account.owner.UpdateAccount(rate_limit_per_minute=1000)
    await account.add_startable_phone()
    await owner.open("/")
    await sees(owner, "Nothing since you opened this page.")

    async def is_told() -> bool:
        """The page is told what happens from some time after it is drawn, which a push before that does not tell."""
        await account.owner.SendPushNotification(title="Build finished")
        return owner.shows("A push notification was sent")

    await eventually_async("the page is told what is sent", is_told)


async def test_a_member_without_a_phone_finds_the_way_to_one_and_then_the_figures(
    admin: Open, account: Account
) -> None:
    user_id, caller = await account.add_member()
    member = admin(str(caller.secret))
    await member.open("/")
    await sees(member, "Pair your phone", "No phone or browser of yours is paired")
    await member.should_not_see("Requests this minute")
    await member.open("/?show=figures")
    await sees(member, "Requests this minute")
    await member.open("/")
    await account.add_phone(user_id, "The member's")
    await sees(member, "Requests this minute", "Live Activities now", "Nothing was sent yet.", "By the push service.")
    await member.should_not_see("First steps")


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        (0, 0, ""), (3, 0, "none before"), (150, 100, "+50%"), (50, 100, "−50%"), (0, 100, "−100%"),
        (1000, 1001, "as before"), (1001, 100, "+901%"), (1200, 100, "12-fold"),
    ],
)  # fmt: skip
def test_a_change_is_told_in_few_words(now: int, before: int, told: str) -> None:
    assert change(now, before) == told
