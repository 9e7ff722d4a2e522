"""The playground sends as the person who is signed in, and tells what came of it where it belongs."""

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User

from admin_ui.components.numbered_icon import NumberedIcon
from tests.admin.test_playground import errors
from tests.core.harness import Account


def the_field(user: User, marker: str) -> ui.number | ui.input | ui.textarea:
    """The field that is seen."""
    with user:
        [field] = [one for one in ElementFilter(marker=marker) if isinstance(one, ui.number | ui.input | ui.textarea)]
    return field


async def compose_activity(user: User) -> None:
    """Opens the form of a Live Activity."""
    await user.open("/playground")
    user.find(kind=ui.tab, content="Live Activity").click()


async def test_a_push_is_recorded_as_it_was_composed(owner: User, account: Account) -> None:
    await account.add_startable_phone()
    await owner.open("/playground")
    owner.find(marker="title").type(" for good")
    owner.find("Send the push").click()
    # There is no delivery service in this test.
    await owner.should_see("1 device will get it later")
    [(title,)] = await account.core.sql("SELECT title FROM notifications WHERE account_id = %s", account.id)
    assert title == "Build failed 🚨 for good"


async def test_a_number_for_the_icon_is_seen_written_down_and_recorded(owner: User, account: Account) -> None:
    await account.add_startable_phone()
    await owner.open("/playground")
    owner.find(kind=ui.tab, content="App icon").click()
    await owner.should_see('"badge": 3')
    the_field(owner, "number").value = 12
    await owner.should_see('"badge": 12')
    with owner:
        [icon] = ElementFilter(kind=NumberedIcon)
    assert icon.props["aria-label"] == "App icon, badge 12"
    owner.find("Set the number").click()
    # There is no delivery service in this test.
    await owner.should_see("1 device will get it later")
    query = "SELECT number FROM badges WHERE account_id = %s"
    assert await account.core.sql(query, account.id) == [(12,)]


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (None, "Write a number; 0 removes it from the icon."),
        (-1, "Write a number from 0 to 2147483647."),
        (1.5, "Number must be a whole number"),
    ],
)
async def test_a_number_that_no_icon_can_have_is_told_at_its_field(
    owner: User, account: Account, number: float | None, told: str
) -> None:
    await account.add_startable_phone()
    await owner.open("/playground")
    owner.find(kind=ui.tab, content="App icon").click()
    the_field(owner, "number").value = number
    owner.find("Set the number").click()
    await owner.should_see("It was not sent")
    assert errors(owner) == {"number": told}
    assert not await account.core.sql("SELECT FROM badges WHERE account_id = %s", account.id)


async def test_a_refusal_is_told_at_the_field_that_it_names(owner: User, account: Account) -> None:
    await account.add_startable_phone()
    await compose_activity(owner)
    the_field(owner, "content_state.current_step").value = 9
    owner.find("Show this state").click()
    await owner.should_see("See the fields that are marked")
    message = "Write 5 at most: there are no more steps."
    assert errors(owner) == {"content_state.current_step": message}
    the_field(owner, "content_state.current_step").value = 5
    assert not errors(owner)


async def test_all_that_is_wrong_is_told_at_once_at_its_fields_in_plain_words(owner: User, account: Account) -> None:
    await account.add_startable_phone()
    await owner.open("/playground")
    owner.find("Add a button").click()
    await owner.should_see(marker="actions[0].title")
    the_field(owner, "title").value = " "
    the_field(owner, "redirection").value = "foo"
    the_field(owner, "actions[0].title").value = ""
    owner.find("Send the push").click()
    await owner.should_see("See the fields that are marked")
    assert errors(owner) == {
        "title": "Write a title.",
        "redirection": "Write a link, such as https://example.com or shortcuts://run-shortcut?name=Lights",
        "actions[0].title": "Write what the button says.",
        "actions[0].url": "Write a link, such as https://example.com or shortcuts://run-shortcut?name=Lights",
    }
    assert not await account.core.sql("SELECT FROM notifications WHERE account_id = %s", account.id)


async def test_what_core_alone_knows_is_told_with_the_forms_name_of_the_field(owner: User, account: Account) -> None:
    await account.add_startable_phone()
    await owner.open("/playground")
    the_field(owner, "redirection").value = "https://example.com/" + "x" * 3000
    owner.find("Send the push").click()
    await owner.should_see("See the field that is marked")
    assert errors(owner)["redirection"].startswith("Opens when tapped must be at most")


async def test_what_is_wrong_deep_in_json_is_told_at_the_field_of_the_json(owner: User, account: Account) -> None:
    await account.add_startable_phone()
    await owner.open("/playground")
    the_field(owner, "payload").value = f'{{"Größe: was": {{"x": {"9" * 400}}}}}'
    owner.find("Send the push").click()
    await owner.should_see("See the field that is marked")
    assert errors(owner)["payload"].startswith("Payload must be ")


async def test_a_refusal_that_names_no_field_is_told_beside_the_form(owner: User) -> None:
    await owner.open("/playground")
    owner.find("Send the push").click()
    await owner.should_see("Pair a phone or a browser first")
    assert not errors(owner)


async def test_what_was_started_can_be_updated_next(owner: User, account: Account) -> None:
    await account.add_startable_phone()
    await compose_activity(owner)
    owner.find("Stream: show this state").click()
    owner.find("Start").click()
    owner.find("Start it").click()
    await owner.should_see("will get it later")
    [(activity_id,)] = await account.core.sql("SELECT id FROM live_activities WHERE account_id = %s", account.id)
    assert the_field(owner, "activity_id").value == activity_id
    await owner.should_see("Update it")
