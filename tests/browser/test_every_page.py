"""Every page, in both themes, on a phone and on a desk: everybody can use it, nothing sticks out.

`make test` looks at each in one theme on a desk, and makes it as narrow as a phone; the thorough tests look at all, and
ask axe.

Pictures of all of them are in the folder `screenshots` after the thorough tests.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests import examples
from tests.browser.conftest import OpenPage, sign_in
from tests.conftest import MakeStack
from tests.http_client import plain_http_client
from tests.stack import ANY_PORT, Stack
from tests.team import Team
from tests.waiting import eventually

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
PATHS = (
    "/", "/lock-screen", "/playground", "/live-activities", "/delivery-log",
    "/delivery-log/live-activities", "/delivery-log/webhook-calls", "/requests", "/widgets", "/channels", "/devices",
    "/api-keys", "/members", "/settings", "/settings/server", "/settings/audit-log", "/account", "/second-factor",
    "/help",
)  # fmt: skip
NAMED = {path.strip("/").replace("/", "-") or "overview": path for path in PATHS}
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    "resultTypes": ["violations"],
    # What is wrong is told by its HTML. A selector for each element that axe has seen would take it half of its time.
    "selectors": False,
}
DESK, PHONE = 1440, 360
RULED = {("light", DESK), ("dark", PHONE)}
"""Where axe looks, which takes its time: colors are those of a theme, what stands where is a matter of the width."""
HIDDEN_IN_TABLES = """() => [...document.querySelectorAll('.table-scroll')].flatMap((table) =>
    [...table.querySelectorAll('button')]
        .filter((button) => button.getBoundingClientRect().right > table.getBoundingClientRect().right)
        .map((button) => button.getAttribute('aria-label')))"""
LOOKS = [
    pytest.param(scheme, width, marks=() if (scheme, width) == ("light", DESK) else pytest.mark.thorough)
    for scheme in ("light", "dark")
    for width in (DESK, PHONE)
]


@pytest.fixture(scope="module")
def details(place: Stack) -> Iterator[dict[str, str]]:
    """Something to see on every page, and the paths of pages about one thing."""
    with something_on_every_page(place) as paths:
        yield paths


@contextmanager
def something_on_every_page(place: Stack) -> Iterator[dict[str, str]]:
    """The paths of pages about one thing, by their names."""
    owner = plain_http_client(place.base_url)
    session = owner.post("/api/sessions", json={"email": place.owner_email, "password": place.owner_password})
    owner.headers["Authorization"] = f"Bearer {session.json()['session_token']}"
    backend = plain_http_client(place.base_url, Authorization=f"Bearer {place.api_key}")
    channel = owner.post("/api/channels", json={"slug": "ops", "name": "Operations"}).json()["channel"]
    [device, *_] = owner.get("/api/devices").json()["devices"]
    assert owner.put(f"/api/channels/{channel['id']}/devices/{device['id']}").status_code == 200
    code = owner.post("/api/pairing-codes").json()["pairing_code"]
    simulator = plain_http_client(place.simulator_url)
    browser = simulator.post("/browsers", json={"pairing_code": code, "name": "Firefox", "kind": "firefox"}).json()
    assert owner.post("/api/invites", json={"emails": ["ben@team.test"]}).status_code == 200
    # Somebody with all buttons that the row of a member has.
    Team.of(place).join("a-member-of-the-team@team.test", "a long password")
    assert owner.post("/api/api-keys", json={"name": "CI", "scope": "channels", "channels": ["ops"]}).status_code == 200
    metric = {"key": "revenue.today", "label": "Revenue today", "format": "currency", "currency_code": "EUR"}
    assert owner.post("/api/metrics", json=metric).status_code == 200
    assert backend.post("/api/metrics/revenue.today/value", json={"value": 2430.5}).status_code == 200
    for title, message in (("Build finished", "All tests passed"), ("Deploy failed", "Step 3: migrations timed out")):
        assert backend.post("/api/push-notification", json={"title": title, "message": message}).status_code == 200
    assert backend.post("/api/badge", json={"badge": 8333}).status_code == 200
    for key, state in STATES.items():
        answer = backend.put(f"/api/live-activity/stream/{key}", json={"content_state": state} | NOTES)
        assert answer.status_code == 200, answer.text
    activity_id = answer.json()["activity_id"]
    [notification, *_] = eventually(
        "notifications are listed", lambda: owner.get("/api/push-notifications").json()["push_notifications"]
    )
    refused = backend.post("/api/push-notification", json={"title": "Deploy failed", "message": 5, "mood": "bad"})
    assert refused.status_code == 400
    request_id = refused.headers["x-request-id"]
    eventually("it is logged", lambda: owner.get(f"/api/requests/{request_id}").status_code == 200)
    yield {
        "request": f"/requests/{request_id}",
        "channel": f"/channels/{channel['id']}",
        "notification": f"/delivery-log/{notification['id']}",
        "live-activity": f"/live-activities/{activity_id}",
    }
    assert simulator.delete(f"/browsers/{browser['id']}").status_code == 200


NOTES = {"tags": ["billing", "user:382"], "metadata": {"plan": "Pro", "amount": 29.5, "trial": False}}
STATES: dict[str, dict[str, Any]] = {
    "nightly-backup": {"title": "Nightly backup", "subtitle": "db-1", "type": "progress", "percentage": 42},
    "deploy": {
        "title": "Deploy", "subtitle": "v2.14.0", "type": "segmented_progress", "number_of_steps": 5, "current_step": 3,
    },
    "sales": {
        "title": "Sales", "type": "stats", "icon": {"symbol": "cart", "color": "gray"},
        "metrics": [{"label": "Revenue", "value": "$2430", "color": "yellow"}, {"label": "Orders", "value": 1240}],
    },
    "agent": {
        "title": "Approval needed", "type": "alert", "message": "Should I send the e-mail?", "color": "lime",
        "icon": {"symbol": "sparkles", "color": "yellow"}, "badge": {"title": "Agent", "color": "magenta"},
    },
}  # fmt: skip


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_every_page_is_for_everybody_and_fits(
    place: Stack, details: dict[str, str], open_page: OpenPage, complaints: list[str], *, scheme: str, width: int
) -> None:
    page = open_page(
        place.admin_url, "/sign-in", color_scheme=scheme, viewport={"width": width, "height": 900},
        reduced_motion="reduce",
    )  # fmt: skip
    looks = f"{scheme}-{width}"
    rules = RULES if (scheme, width) in RULED else None
    found = inspect(page, f"sign-in-{looks}", width, rules)
    complaints.clear()
    sign_in(page, place.owner_email, place.owner_password)
    for name, path in (NAMED | details).items():
        page.goto(path)
        page.get_by_role("heading", level=1).first.wait_for()
        # The page's socket is there, and what it draws by itself is drawn.
        page.wait_for_function("() => window.socket?.connected")
        heard = len(complaints)
        found += inspect(page, f"{name}-{looks}", width, rules)
        if not page.get_by_role("note").filter(has_text="Simulator").is_visible():
            found.append(f"{name}-{looks}: does not say that the simulator stands in")
        if undrawn := page.locator("i.material-icons").all_inner_texts():
            found.append(f"{name}-{looks}: icons without a drawing in icons.js: {undrawn}")
        if path == "/devices":
            page.get_by_role("button", name="Pair a device").click()
            page.locator("summary").filter(has_text="iPhone app").press("Enter")
            page.get_by_role("link", name="Open the app").wait_for()
            found += inspect(page, f"pairing-{looks}", width, rules, within=".dialog")
        # The style that axe would like to add is refused, as it should be.
        del complaints[heard:]
    assert not found, "\n".join(found)


@pytest.fixture(scope="module")
def doors(place: Stack) -> dict[str, str]:
    """See `doors_of`."""
    return doors_of(place)


def doors_of(place: Stack) -> dict[str, str]:
    """The pages for people who are not signed in, by the links that lead there."""
    team = Team.of(place)
    emails = [f"{team.unique('ida')}@team.test" for _ in range(2)]
    invites = [result["invite"]["id"] for result in team.ask("POST", "/api/invites", emails=emails)["results"]]
    with plain_http_client(place.simulator_url) as simulator:
        letters = eventually("the invite is in a mail", lambda: letters_to(simulator.get("/mails").json(), emails[0]))
    [mailed] = set(re.findall(r"http://\S+/invite/inv_[\w-]+", letters[0]))
    joined = team.join(f"{team.unique('ida')}@team.test", "a long password")
    link = f"/api/members/{joined['member']['user_id']}/password-reset-link"
    return {
        "forgot-password": f"{place.admin_url}/forgot-password",
        "reset-password": team.ask("POST", link)["url"],
        "reset-dead-end": f"{place.admin_url}/reset-password/pwr_nothing",
        "invite-by-mail": mailed,
        "invite-by-link": team.ask("POST", f"/api/invites/{invites[1]}/link")["url"],
        "invite-dead-end": f"{place.admin_url}/invite/inv_nothing",
        "not-found": f"{place.admin_url}/nowhere",
    }


@pytest.fixture(scope="module")
def empty(make_stack: MakeStack) -> Iterator[Stack]:
    """A server without any account."""
    stack = make_stack(SMITH_ADMIN_PORT=ANY_PORT, SMITH_QUICKSTART="0")
    yield stack
    stack.discard()


def letters_to(kept: dict[str, Any], email: str) -> list[str]:
    return [mail["text"] for mail in kept["mails"] if email in mail["recipients"]]


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_every_page_before_signing_in_is_for_everybody_and_fits(
    doors: dict[str, str], open_page: OpenPage, complaints: list[str], *, scheme: str, width: int
) -> None:
    found = forms_found_wrong(open_page, complaints, doors, scheme, width)
    assert not found, "\n".join(found)


@pytest.mark.thorough
@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_the_page_of_the_first_run_is_for_everybody_and_fits(
    empty: Stack, open_page: OpenPage, complaints: list[str], *, scheme: str, width: int
) -> None:
    found = forms_found_wrong(open_page, complaints, {"setup": f"{empty.admin_url}/setup"}, scheme, width)
    assert not found, "\n".join(found)


def forms_found_wrong(
    open_page: OpenPage, complaints: list[str], doors: dict[str, str], scheme: str, width: int
) -> list[str]:
    """What is wrong with pages of one form, as they come and when what they were sent is refused."""
    page = open_page("", "about:blank", color_scheme=scheme, viewport={"width": width, "height": 900})
    looks, found = f"{scheme}-{width}", []
    for name, address in doors.items():
        page.goto(address)
        page.get_by_role("heading", level=1).wait_for()
        found += inspect(page, f"{name}-{looks}", width, RULES)
        button = page.locator(".form-submit")
        if button.count():
            # What is wrong is said by the page, not by the browser.
            page.locator("form").evaluate("(form) => { form.noValidate = true; }")
            button.click()
            page.locator(".form-fault, .notice-bad").first.wait_for()
            found += inspect(page, f"{name}-wrong-{looks}", width, RULES)
    # Pages that say no answer with the status of it, and the style that axe would like to add is refused.
    complaints.clear()
    return found


def inspect(page: Page, name: str, width: int, rules: dict[str, Any] | None, *, within: str = "html") -> list[str]:
    """Answers with what is wrong with the page. Thorough tests take its picture, and ask axe if there are rules."""
    page.evaluate("() => document.fonts.ready")
    if examples.is_thorough():
        SCREENSHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    else:
        rules = None
    wrong = what_sticks_out(page, name, width)
    for violation in Axe().run(page, context=within, options=rules).response["violations"] if rules else ():
        places = [f"{node['html'][:160]} {node['failureSummary'][:300]}" for node in violation["nodes"][:4]]
        wrong.append(f"{name}: {violation['id']}: {violation['help']}\n  " + "\n  ".join(places))
    if width == DESK:
        wrong += narrowed(page, name)
    # Until here the page's console has been heard.
    page.evaluate("() => 0")
    return wrong


def narrowed(page: Page, name: str) -> list[str]:
    """What is wrong with the page when its window is made as narrow as a phone."""
    page.set_viewport_size({"width": PHONE, "height": 900})
    wrong = what_sticks_out(page, f"{name}, narrowed", PHONE)
    page.set_viewport_size({"width": DESK, "height": 900})
    return wrong


def what_sticks_out(page: Page, name: str, width: int) -> list[str]:
    needed = page.evaluate("document.documentElement.scrollWidth")
    wide = [f"{name}: is {needed} px wide"] if needed > width else []
    return wide + [f"{name}: a table hides {button}" for button in page.evaluate(HIDDEN_IN_TABLES)]
