"""A device is paired, in every way there is, in a real browser: the page says so, shows the device, and stays alive."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, OpenSignedIn, session_of, told
from tests.http_client import plain_http_client
from tests.stack import Stack
from tests.team import Team

PASSWORD = "a long password"


@pytest.fixture(scope="module")
def members_session(place: Stack, team: Team) -> str:
    """Of a member who is no owner."""
    email = f"{team.unique('ann')}@team.test"
    team.join(email, PASSWORD)
    return session_of(place, email, PASSWORD)


@pytest.fixture(params=["owner", pytest.param("member", marks=pytest.mark.thorough)])
def devices(request: pytest.FixtureRequest, open_signed_in: OpenSignedIn) -> Page:
    """The devices page of an owner, and of a member."""
    page = open_signed_in(request.getfixturevalue("session" if request.param == "owner" else "members_session"))
    page.goto("/devices")
    page.wait_for_function("() => window.socket?.connected")
    return page


def by_code(place: Stack, dialog: Page, name: str) -> None:
    """Somebody types the code that is shown."""
    pair(place.base_url, dialog.locator(".pairing-code").inner_text(), name)


def by_link(place: Stack, dialog: Page, name: str) -> None:
    """Somebody scans the QR code, or opens the same link on the phone."""
    unfold(dialog, "iPhone app")
    link = urlsplit(dialog.get_by_role("link", name="Open the app").get_attribute("href") or "")
    assert (link.scheme, link.netloc) == ("activitysmith", "pair")
    said = parse_qs(link.query)
    pair(said["server"][0], said["code"][0], name)


def pair(server: str, code: str, name: str) -> None:
    with plain_http_client(server) as app:
        answer: httpx.Response = app.post("/api/device/pair", json={"pairing_code": code, "name": name})
    assert answer.status_code == 200, answer.text


def by_button(place: Stack, dialog: Page, name: str) -> None:
    """The button that adds a simulated phone, whose name the page gives."""
    unfold(dialog, "Simulated")
    dialog.get_by_role("button", name="Simulated iPhone").click()


def unfold(dialog: Page, way: str) -> None:
    """Opens one of the ways that are closed at first, without a mouse."""
    summary = dialog.locator("summary").filter(has_text=way)
    summary.focus()
    summary.press("Enter")


WAYS: tuple[tuple[Callable[[Stack, Page, str], None], str | None], ...] = (
    (by_code, None),
    (by_link, None),
    (by_button, "Simulated iPhone"),
)
"""Each with the name that the phone gets, if it is not the test that gives it."""


def test_a_phone_is_paired_in_every_way_and_the_page_goes_on(place: Stack, team: Team, devices: Page) -> None:
    for way, given in WAYS:
        name = given or team.unique(way.__name__)
        rows = devices.get_by_role("row").filter(has_text=name)
        # There may be one of this name already.
        before = rows.count()
        devices.get_by_role("button", name="Pair a device").click()
        expect(devices.get_by_text("Waiting for the device…")).to_be_visible()
        way(place, devices, name)
        told(devices, f"Paired {name}.")
        expect(devices.get_by_text("Waiting for the device…")).to_have_count(0)
        expect(rows).to_have_count(before + 1)
    # The page still hears what happens: it shows, without being loaded again, that somebody removes a phone.
    [newest, *_] = team.ask("GET", "/api/devices?newest_first=true")["devices"]
    assert newest["name"] == name
    team.ask("DELETE", f"/api/devices/{newest['id']}")
    expect(rows).to_have_count(before)


def test_a_browser_becomes_a_device_by_the_link_of_the_dialog(
    place: Stack, team: Team, session: str, open_page: OpenPage
) -> None:
    devices, name = open_page(place.admin_url, "/devices", session=session), team.unique("browser")
    devices.wait_for_function("() => window.socket?.connected")
    devices.get_by_role("button", name="Pair a device").click()
    with devices.expect_popup() as opened:
        devices.get_by_role("link", name="Open the page").click()
    page = opened.value
    expect(page.get_by_label("Pairing code")).to_have_value(re.compile(r"^\w{4}-\w{4}$"))
    # The code stays in no address.
    assert page.url == f"{place.base_url}/phone/"
    page.get_by_label("Name of this browser").fill(name)
    page.get_by_role("button", name="Pair this browser").click()
    told(devices, f"Paired {name}.")
    expect(devices.get_by_text("Waiting for the device…")).to_have_count(0)
    expect(devices.get_by_role("row").filter(has_text=name)).to_be_visible()


@pytest.mark.thorough
def test_the_dialog_says_which_devices_can_reach_this_server(devices: Page) -> None:
    devices.get_by_role("button", name="Pair a device").click()
    way = devices.get_by_role("region", name="Receive in a browser")
    expect(way.get_by_text("This address works on the server's own computer only")).to_be_visible()
    # No phone could do anything with it.
    expect(way.get_by_role("img", name="QR code")).to_have_count(0)
    unfold(devices, "iPhone app")
    expect(devices.get_by_text("on a phone that address means the phone itself")).to_be_visible()
