"""The server, the page at `/phone/` and the iPhone app agree on which links a phone opens.

And they and the web admin on what kind of media a URL leads to. The tables are in the app's tests, which read them too.
"""

import json

import pytest

from admin_ui.components.notification_card import media_kind
from core_service.common.actions import FORBIDDEN_SCHEMES, Opens, require_link
from service_kit.errors import InvalidRequest
from tests.contract.conftest import RunModule
from tests.swift_fixtures.__main__ import FOLDER

LINKS: dict[str, list[str]] = json.loads((FOLDER / "links.json").read_text())
MEDIA: dict[str, str] = json.loads((FOLDER / "media.json").read_text())
HERE_ALONE = "activitysmith:"
"""The app's own links. In a browser they lead to the app."""


def is_let_through(link: str, opens: Opens) -> bool:
    """Whether core takes it from a sender."""
    try:
        require_link(link, "redirection", opens)
    except InvalidRequest:
        return False
    return True


def test_core_lets_through_what_the_app_opens() -> None:
    assert [one for one in LINKS["any_app"] if not is_let_through(one, Opens.ANY_APP)] == []
    assert [one for one in LINKS["web_or_shortcut"] if not is_let_through(one, Opens.WEB_OR_SHORTCUT)] == []


def test_core_refuses_what_the_app_does_not_open() -> None:
    assert [one for one in LINKS["refused"] if is_let_through(one, Opens.ANY_APP)] == []
    assert [one for one in LINKS["only_any_app"] if is_let_through(one, Opens.WEB_OR_SHORTCUT)] == []
    assert {one.partition(":")[0].lower() for one in LINKS["refused"]} >= FORBIDDEN_SCHEMES


@pytest.mark.parametrize("name", ["any_app", "only_any_app"])
def test_the_page_opens_the_same(run_module: RunModule, name: str) -> None:
    assert None not in run_module(OPEN, LINKS[name])


def test_the_page_opens_nothing_that_runs_a_program_or_reads_a_file(run_module: RunModule) -> None:
    forbidden = [
        one for one in LINKS["refused"] if one.lower().startswith(tuple(f"{scheme}:" for scheme in FORBIDDEN_SCHEMES))
    ]
    opened = run_module(OPEN, [one for one in forbidden if not one.lower().startswith(HERE_ALONE)])
    assert opened == [None] * len(opened)
    assert len(opened) >= len(FORBIDDEN_SCHEMES) - 1


def test_the_kind_of_media_is_told_by_its_ending(run_module: RunModule) -> None:
    assert {url: media_kind(url) for url in MEDIA} == MEDIA
    assert dict(zip(MEDIA, run_module(KIND, list(MEDIA)), strict=True)) == MEDIA


OPEN, KIND = (
    f"""
import {{ {name} }} from "./shared/figures.js"
import {{ readFileSync }} from "node:fs"
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map({name})))
"""
    for name in ("destination", "mediaKind")
)
