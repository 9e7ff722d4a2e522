"""With the simulator in place no page says that anything has left the machine; charts show the viewer's own time."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.http_client import plain_http_client
from tests.stack import Stack

UNTRUE = re.compile(r"Apple has|Working|\bSent to\b|\bsent (now|\d)|spam folder|gets a mail|APNs knows")


def says_nothing_untrue(page: Page) -> None:
    found = UNTRUE.search(page.locator("#content").inner_text())
    assert found is None, found


@pytest.mark.thorough
def test_what_the_simulator_took_is_not_said_to_be_apples_or_sent(owner: Page) -> None:
    owner.goto("/playground")
    owner.get_by_role("button", name="Send the push").click()
    expect(owner.get_by_text(re.compile("^Accepted for [0-9]+ device"))).to_be_visible()
    says_nothing_untrue(owner)
    owner.goto("/settings")
    owner.get_by_role("button", name="Check credentials").click()
    expect(owner.get_by_text("Simulated", exact=True).first).to_be_visible()
    expect(owner.get_by_text("The simulator takes pushes for this app.").first).to_be_visible()
    owner.get_by_role("button", name="Try a test mail").click()
    expect(owner.get_by_text(re.compile("^The simulator keeps it"))).to_be_visible()
    says_nothing_untrue(owner)
    owner.goto("/members")
    owner.get_by_role("button", name="Invite members").click()
    expect(owner.get_by_text("no person gets one")).to_be_visible()
    owner.get_by_label("E-mail addresses").fill("cleo@team.test")
    owner.get_by_role("button", name="Invite", exact=True).click()
    expect(owner.get_by_text("kept by the simulator").first).to_be_visible()
    says_nothing_untrue(owner)


def test_strangers_too_are_told_that_the_simulator_stands_in(place: Stack, open_page: OpenPage) -> None:
    page = open_page(place.admin_url, "/sign-in")
    expect(page.get_by_role("note")).to_contain_text("Pushes to iPhones and mails stay in this installation")
    page.get_by_role("link", name="Forgot password?").click()
    page.get_by_label("E-mail").fill("someone@team.test")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_text("the simulator keeps a mail")).to_be_visible()
    assert UNTRUE.search(page.locator("main").inner_text()) is None


def test_the_strip_leads_to_going_live_and_the_frame_to_help(place: Stack, owner: Page) -> None:
    owner.goto("/")
    owner.get_by_role("note").get_by_role("link", name="Go live").click()
    expect(owner.get_by_role("heading", name="Going live")).to_be_visible()
    expect(owner.get_by_role("listitem").filter(has_text="A key from Apple")).to_contain_text("To do")
    frame = owner.get_by_role("group", name="Help")
    expect(frame.get_by_role("link", name="Docs")).to_have_attribute("href", "/help")
    expect(frame.get_by_text(re.compile(r"^v\d+\.\d+"))).to_be_visible()
    reference = frame.get_by_role("link", name="API reference").get_attribute("href")
    assert reference == f"{place.base_url}/api/docs"
    with plain_http_client(place.base_url) as anybody:
        assert anybody.get("/api/docs").status_code == 200


@pytest.mark.thorough
@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/St_Johns", "UTC"])
def test_charts_show_the_viewers_own_time(place: Stack, session: str, open_page: OpenPage, zone: str) -> None:
    with plain_http_client(place.base_url, Authorization=f"Bearer {place.api_key}") as backend:
        assert backend.post("/api/push-notification", json={"title": "Now"}).status_code == 200
    # Of the time before the page is drawn: the next hour may begin until it is looked at, not the one after that.
    hour = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
    page = open_page(place.admin_url, session=session, timezone_id=zone)
    here = [f"{moment.astimezone(ZoneInfo(zone)):%a %H:%M}" for moment in (hour, hour + dt.timedelta(hours=1))]
    expect(page.get_by_text("Times are those of this device")).to_be_visible()
    # The last bar, as those hear it who do not see it; the hour may end meanwhile.
    last = page.get_by_role("table", name="What was sent").get_by_role("row").last
    expect(last).to_contain_text(re.compile("|".join(here)))
    axis = page.evaluate("(moment) => window.smith.stepName(moment, 3600)", hour.isoformat())
    assert axis == here[0]
    page.get_by_role("button", name="30 days").click()
    expect(page.get_by_text("Each bar is 24 hours from the time below it on.")).to_be_visible()
