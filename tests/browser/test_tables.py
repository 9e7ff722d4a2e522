"""Tables that change while a person is in them: what says the same stays where it is."""

import contextlib
from collections.abc import Iterator

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import opened, told
from tests.team import Phone, Team


@contextlib.contextmanager
def phone_of(team: Team) -> Iterator[Phone]:
    """A simulated phone that is gone afterwards."""
    phone = team.phone()
    yield phone
    phone.remove()


def entered(button: Locator) -> Locator:
    """The button, which has the keyboard now."""
    button.focus()
    expect(button).to_be_focused()
    return button


def test_a_button_of_a_row_keeps_the_keyboard_while_that_row_and_others_change(team: Team, owner: Page) -> None:
    with phone_of(team) as phone:
        name = team.device(phone.device_id)["name"]
        opened(owner, "/devices")
        row = owner.get_by_role("row").filter(has_text=name)
        test = entered(row.get_by_role("button", name="Send a test"))
        slug, channel_id = team.channel()
        team.assign_device(channel_id, phone)
        with phone_of(team) as other:
            expect(owner.get_by_role("row").filter(has_text=team.device(other.device_id)["name"])).to_be_visible()
            expect(row).to_contain_text(slug)
            expect(test).to_be_focused()
            test.press("Enter")
            told(owner, "1 reached")


def test_a_row_whose_name_changes_offers_what_it_says(team: Team, owner: Page) -> None:
    with phone_of(team) as phone:
        opened(owner, "/devices")
        name = team.unique("Renamed")
        team.ask("PATCH", f"/api/devices/{phone.device_id}", name=name)
        owner.get_by_role("button", name=f"Remove {name}").click()
        expect(owner.get_by_role("dialog").get_by_text(f"Remove {name}?")).to_be_visible()


def test_a_stream_moves_on_under_the_button_that_pauses_it(team: Team, owner: Page) -> None:
    key, backend = team.unique("stream"), team.key()

    def put(percentage: int) -> None:
        state = {"title": "Build", "type": "progress", "percentage": percentage}
        answer = backend.put(f"/api/live-activity/stream/{key}", json={"content_state": state})
        assert answer.status_code == 200, answer.text

    with phone_of(team):
        put(10)
        row = opened(owner, "/live-activities").get_by_role("row").filter(has_text=key)
        pause = entered(row.get_by_role("button", name="Pause"))
        for percentage in (40, 70):
            put(percentage)
            expect(row).to_contain_text(f"{percentage}")
        expect(pause).to_be_focused()
        pause.press("Enter")
        expect(owner.get_by_role("dialog").get_by_text(f"Pause {key}?")).to_be_visible()
        backend.request("DELETE", f"/api/live-activity/stream/{key}", json={})
