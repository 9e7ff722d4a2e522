"""The page that makes a browser a phone: what is published, and what its browser may do with it."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest

from tests.gateway.conftest import MakeGateway, RunningGateway
from tests.gateway.core_stand_in import CoreStandIn
from tests.gateway.http_client import Reply

FOLDER = Path(str(files("gateway.phone")))
MODULES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.js"))
IMPORT = re.compile(r'^import .*from "([^"]+)"$', re.MULTILINE)


async def get(gateway: RunningGateway, path: str) -> Reply:
    """The answer to a GET."""
    return await gateway.request("GET", path)


def directives(answer: Reply) -> dict[str, set[str]]:
    """The content security policy."""
    parts = [part.split() for part in answer.headers["content-security-policy"].split(";")]
    return {name: set(values) for name, *values in parts}


async def kept_files(gateway: RunningGateway) -> dict[str, str]:
    """What the worker keeps, by path, with digests: as its module says it."""
    text = (await get(gateway, "/phone/version.js")).body.decode()
    found: dict[str, str] = json.loads(text.partition("FILES = ")[2])
    return found


class Links(HTMLParser):
    """What a page names: `src` and `href`, and everything that would run in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline: list[str] = []
        self._tag = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes its links, and handlers and styles in attributes."""
        self._tag = tag
        self.found += [value for name, value in attrs if name in ("src", "href") and value and value[0] != "#"]
        self.inline += [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        """Notes scripts and styles in the page."""
        if self._tag in ("script", "style") and data.strip():
            self.inline.append(data)


async def test_the_page_needs_no_credentials_and_is_found_without_its_slash(gateway: RunningGateway) -> None:
    page = await get(gateway, "/phone/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    shorter = await get(gateway, "/phone")
    # Relative: behind a proxy the page may be below another path.
    assert (shorter.status, shorter.headers["location"]) == (308, "phone/")
    assert (await gateway.request("POST", "/phone/", {})).status == 405
    assert (await get(gateway, "/phone/nothing.js")).status == 404


async def test_no_script_but_the_servers_own_runs_beside_the_secret(gateway: RunningGateway) -> None:
    """That of `/api/docs` shares the origin, so it is held to the same."""
    for path in ("/phone/", "/api/docs"):
        answer = await get(gateway, path)
        policy = directives(answer)
        assert policy["default-src"] == {"'none'"}
        assert policy["script-src"] == policy["connect-src"] == {"'self'"}
        for name in ("base-uri", "form-action", "frame-ancestors"):
            assert policy[name] == {"'none'"}, name
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert Links(answer.body.decode()).inline == []


async def test_only_what_notifications_name_comes_from_elsewhere(gateway: RunningGateway) -> None:
    policy = directives(await get(gateway, "/phone/"))
    assert policy["style-src"] == {"'self'"}
    elsewhere = {name for name, sources in policy.items() if not sources <= {"'self'", "'none'", "data:"}}
    assert elsewhere == {"img-src", "media-src"}
    assert directives(await get(gateway, "/phone/sw.js"))["connect-src"] == {"'self'"}


async def test_everything_that_the_page_and_its_modules_name_is_here(gateway: RunningGateway) -> None:
    """And is named relative to where it is."""
    named = Links((await get(gateway, "/phone/")).body.decode()).found
    manifest = json.loads((await get(gateway, "/phone/manifest.webmanifest")).body)
    named += [icon["src"] for icon in manifest["icons"]]
    for path in named:
        assert not re.match(r"[a-z]+:|/", path), path
        assert (await get(gateway, f"/phone/{path}")).status == 200, path
    for module in MODULES:
        answer = await get(gateway, f"/phone/{module}")
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        for name in IMPORT.findall(answer.body.decode()):
            assert name.startswith("."), f"{module}: {name}"
            target = (FOLDER / module).parent / name
            assert target.exists() or target.name == "version.js", f"{module}: {name}"


async def test_the_manifest_makes_it_an_app(gateway: RunningGateway) -> None:
    """Its identity is its address, below whatever path a proxy shows it: so it has no `id`, which would begin at the
    root."""
    answer = await get(gateway, "/phone/manifest.webmanifest")
    assert answer.headers["content-type"] == "application/manifest+json"
    manifest = json.loads(answer.body)
    assert (manifest["scope"], manifest["start_url"], manifest["display"]) == ("./", "./", "standalone")
    assert "id" not in manifest
    sizes = {(icon["sizes"], icon.get("purpose", "any")) for icon in manifest["icons"]}
    assert sizes == {("180x180", "any"), ("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")}
    for icon in manifest["icons"]:
        picture = (await get(gateway, f"/phone/{icon['src']}")).body
        width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
        assert f"{width}x{height}" == icon["sizes"]


async def test_the_worker_keeps_every_file_in_one_version(gateway: RunningGateway) -> None:
    """The digests are those of the files as they are served. The worker and the list are the browser's to keep."""
    kept = await kept_files(gateway)
    assert {"", "app.js", "app.css", "cards.css", "manifest.webmanifest", "icons/icon-192.png"} <= kept.keys()
    assert kept.keys() & {"sw.js", "version.js", "index.html"} == set()
    assert {*MODULES} - {"sw.js"} <= kept.keys()
    for path, digest in kept.items():
        body = (await get(gateway, f"/phone/{path}")).body
        assert digest == f"sha256-{base64.b64encode(hashlib.sha256(body).digest()).decode()}", path


@pytest.mark.parametrize("path", ["/phone/", "/phone/sw.js", "/phone/version.js", "/phone/app.js"])
async def test_browsers_ask_whether_it_has_changed(gateway: RunningGateway, path: str) -> None:
    first = await get(gateway, path)
    assert first.headers["cache-control"] == "no-cache"
    again = await gateway.request("GET", path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


async def test_behind_a_proxy_that_takes_a_path_away_it_is_the_same(
    make_gateway: MakeGateway, core: CoreStandIn, gateway: RunningGateway
) -> None:
    shown = await make_gateway(f"127.0.0.1:{core.port}", gateway_url="https://example.com/push")
    assert (await get(shown, "/phone/")).body == (await get(gateway, "/phone/")).body
