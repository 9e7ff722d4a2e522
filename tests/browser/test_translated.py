"""Every page in another language: no English is left in it, and its longer words fit.

The language is one of the tests' own, whose texts stand in brackets.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests import pseudo_language
from tests.browser.conftest import OpenPage, session_of
from tests.browser.test_every_page import DESK, NAMED, PHONE, doors_of, something_on_every_page, what_sticks_out
from tests.conftest import MakeStack
from tests.stack import ANY_PORT, Stack
from tests.waiting import eventually

SHOWN_AS_IT_IS = (
    "code, pre, time, .mono, .request-path, .iphone-date, .lock-card, .lock-text, .copyable-text, .snippets .q-tab"
)
"""Elements that show what people and programs wrote, and moments as the browser writes them."""
DATA = re.compile(
    # What the fixture made, and who is there.
    r"ActivitySmith|My team|quickstart|CI|main|Operations|Firefox|iPhone|iOS 18\.2 ·|Revenue today|2,430\.50 EUR|CSV"
    r"|revenue\.today|on-call"
    r"|\S+@\S+|(PUT|POST|GET)( /\S*)?|https?://\S+|[0-9a-f]{8}-[0-9a-f-]{27}|activitysmith-server .*|[\d.]+ [MG]B"
    r"|Build finished|All tests passed|Deploy failed|Step 3: migrations timed out|Should I send the e-mail\?( · Agent)?"
    r"|Nightly backup|Deploy|Sales|Approval needed( · .*)?|db-1|plan|Pro|amount|trial|false|cart|sparkles|Agent|Orders"
    r"|Revenue|Revenue:? \$2430, Orders:? 1240|step 3 of 5 · .*|.*42 ?%.*"
    # What core says of it.
    r"|message must be a string|There is no such request in the account\.|Passkeys need a name, .*"
    r"|At http://.* only browsers.*|.*accepted the newest state\.|Whether it is shown is between .*"
)
ATTRIBUTE = re.compile(r"^(aria-label|title|placeholder|alt): ")
OUTSIDE = """([open, close]) => {
    const found = [];
    let depth = 0;
    const isSeen = (element) => element.checkVisibility({ visibilityProperty: true });
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode;
        const element = node.parentElement;
        if (element.closest('script, style, noscript, template') || !isSeen(element)) continue;
        let outside = '';
        for (const letter of node.data) {
            if (letter === open) depth += 1;
            else if (letter === close) depth -= 1;
            else if (!depth) outside += letter;
        }
        if (/\\p{L}{2}/u.test(outside) && !element.closest(SHOWN)) found.push(outside.trim());
    }
    const named = document.querySelectorAll('[aria-label], [title], [placeholder], [alt]');
    for (const element of named) {
        if (!isSeen(element) || element.closest(SHOWN)) continue;
        for (const name of ['aria-label', 'title', 'placeholder', 'alt']) {
            const words = element.getAttribute(name) ?? '';
            if (/\\p{L}{2}/u.test(words) && !words.includes(open)) found.push(`${name}: ${words}`);
        }
    }
    return depth ? [...found, `${depth} brackets are left open`] : found;
}""".replace("SHOWN", repr(SHOWN_AS_IT_IS))


CUT_OFF = """() => [...document.querySelectorAll('a, button')].filter((element) => {
    if (!element.checkVisibility({ visibilityProperty: true }) || element.closest('.q-tabs')) return false;
    const { right, width } = element.getBoundingClientRect();
    for (let box = element.parentElement; width && box; box = box.parentElement) {
        const { overflowX, textOverflow } = getComputedStyle(box);
        // Lines that end in an ellipsis are meant to, and tables to be moved. The sidebar moves up and down only.
        const isMoved = ['auto', 'scroll'].includes(overflowX) && !box.matches('.sidebar');
        if (textOverflow === 'ellipsis' || isMoved) return false;
        if (overflowX !== 'visible' && right > box.getBoundingClientRect().right + 1) return true;
    }
    return false;
}).map((element) => element.getAttribute('aria-label') ?? element.textContent)"""
"""Links and buttons that reach out of what hides the rest of them."""


@pytest.fixture(scope="module")
def abroad(make_stack: MakeStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A server with the web admin in the language of tests."""
    folder = tmp_path_factory.mktemp("languages")
    pseudo_language.install(folder)
    stack = make_stack(
        SMITH_ADMIN_PORT=ANY_PORT,
        SMITH_LANGUAGE=pseudo_language.NAME,
        SMITH_LANGUAGE_FOLDER=str(folder),
        SMITH_MAX_LIVE_ACTIVITIES="50",
    )
    yield stack
    stack.discard()


@pytest.fixture(scope="module")
def paths(abroad: Stack) -> Iterator[dict[str, str]]:
    with something_on_every_page(abroad) as details:
        yield NAMED | details


@pytest.fixture(scope="module")
def doors(abroad: Stack) -> dict[str, str]:
    return {"sign-in": f"{abroad.admin_url}/sign-in"} | doors_of(abroad)


def english_on(page: Page) -> set[str]:
    """What the page says that is neither data nor in the language of tests."""
    found: list[str] = page.evaluate(OUTSIDE, [pseudo_language.OPEN, pseudo_language.CLOSE])
    return {words for words in found if not DATA.fullmatch(ATTRIBUTE.sub("", words))}


DIALOGS = {
    "/api-keys": "Create API key",
    "/channels": "Create channel",
    "/devices": "Pair a device",
    "/members": "Invite members",
    "/widgets": "Create metric",
}
"""What opens a dialog on a page."""


@pytest.mark.thorough
@pytest.mark.parametrize("width", [DESK, PHONE])
def test_no_page_says_anything_in_english_and_all_fit(
    abroad: Stack, paths: dict[str, str], open_page: OpenPage, *, width: int
) -> None:
    session = session_of(abroad, abroad.owner_email, abroad.owner_password)
    page = open_page(abroad.admin_url, "/", session=session, viewport={"width": width, "height": 900})
    wrong = []
    for name, path in paths.items():
        page.goto(path)
        page.get_by_role("heading", level=1).first.wait_for()
        page.wait_for_function("() => window.socket?.connected")
        page.evaluate("() => document.fonts.ready")
        wrong += what_is_wrong(page, name, width)
        if opener := DIALOGS.get(path):
            page.get_by_role("button", name=pseudo_language.pretended(opener)).first.click()
            page.locator(".dialog h2").first.wait_for()
            wrong += what_is_wrong(page, f"{name}, {opener}", width)
    assert not wrong, "\n".join(wrong)


@pytest.mark.thorough
@pytest.mark.parametrize("width", [DESK, PHONE])
def test_no_page_before_signing_in_says_anything_in_english_and_all_fit(
    abroad: Stack, doors: dict[str, str], open_page: OpenPage, complaints: list[str], *, width: int
) -> None:
    page = open_page("", "about:blank", viewport={"width": width, "height": 900})
    wrong = []
    for name, address in doors.items():
        page.goto(address)
        page.get_by_role("heading", level=1).wait_for()
        wrong += what_is_wrong(page, name, width)
    # Pages that say no answer with the status of it.
    complaints.clear()
    assert not wrong, "\n".join(wrong)


def what_is_wrong(page: Page, name: str, width: int) -> list[str]:
    """English on the page, once what it draws by itself is drawn, and what sticks out or is cut off."""
    wrong = what_sticks_out(page, name, width) + [f"{name}: cut off: {words}" for words in page.evaluate(CUT_OFF)]
    try:
        eventually("no English is left", lambda: not english_on(page))
    except AssertionError:
        wrong += [f"{name}: {words}" for words in sorted(english_on(page))]
    return wrong
