"""Where the API's reference is published: for programs and for people, to everybody, from here alone."""

import gzip
import re

import pytest

from gateway.openapi import document
from gateway.routes import routes
from tests.gateway.conftest import MakeGateway, RunningGateway
from tests.gateway.core_stand_in import CoreStandIn
from tests.gateway.http_client import Reply, request

DOCUMENT, PAGE = "/api/openapi.json", "/api/docs"


async def get(gateway: RunningGateway, path: str, **headers: str) -> Reply:
    """The answer to a GET with these headers."""
    return await request(gateway.port, "GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})


async def page_parts(gateway: RunningGateway) -> list[str]:
    """Paths of everything that the page asks for by itself."""
    page = (await get(gateway, PAGE)).body.decode()
    return [f"/api/{name}" for name in re.findall(r'(?:src|href)="(docs/[^"]+)"', page)]


async def test_the_document_is_served_without_credentials(gateway: RunningGateway) -> None:
    """And is the one that the code makes."""
    answer = await get(gateway, DOCUMENT)
    assert answer.status == 200
    assert answer.json() == document(routes())
    assert "ratelimit-limit" not in answer.headers
    assert answer.headers["x-request-id"]
    assert (await get(gateway, "/openapi.json")).status == 404


async def test_behind_a_proxy_that_takes_a_path_away_the_document_names_the_path(
    make_gateway: MakeGateway, core: CoreStandIn
) -> None:
    """Which is how programs made from it find the API."""
    shown = await make_gateway(f"127.0.0.1:{core.port}", gateway_url="https://example.com/push")
    assert [server["url"] for server in (await get(shown, DOCUMENT)).json()["servers"]] == ["/push/api"]


async def test_wrong_credentials_do_not_matter(gateway: RunningGateway) -> None:
    """They are not looked at."""
    for path in (DOCUMENT, PAGE):
        assert (await get(gateway, path, authorization="Bearer nonsense")).status == 200


@pytest.mark.parametrize("path", [DOCUMENT, PAGE])
async def test_head_is_get_without_the_body(gateway: RunningGateway, path: str) -> None:
    """With the same headers."""
    got, headed = await get(gateway, path), await request(gateway.port, "HEAD", path)
    assert (headed.status, headed.body) == (200, b"")
    for name in ("etag", "content-length", "content-type", "cache-control"):
        assert headed.headers[name] == got.headers[name]


async def test_other_methods_are_refused(gateway: RunningGateway) -> None:
    """With the list of those that are not."""
    answer = await request(gateway.port, "POST", DOCUMENT, {})
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("path", [DOCUMENT, PAGE])
async def test_who_has_it_is_not_sent_it_again(gateway: RunningGateway, path: str) -> None:
    """Whatever else is in the list, and though an intermediary has weakened the tag."""
    etag = (await get(gateway, path)).headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = await get(gateway, path, if_none_match=known)
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
        assert "content-type" not in again.headers
    for other in ('"other"', etag[1:-1], ""):
        assert (await get(gateway, path, if_none_match=other)).status == 200


async def test_it_is_compressed_for_those_who_ask(gateway: RunningGateway) -> None:
    """Under a tag of its own: the bytes are others."""
    plain = await get(gateway, DOCUMENT)
    packed = await get(gateway, DOCUMENT, accept_encoding="br;q=1.0, gzip;q=0.8")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == plain.headers["vary"] == "accept-encoding"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]
    for unwanted in ("gzip;q=0", "identity", "gzip; q=0.0", "xgzip"):
        assert "content-encoding" not in (await get(gateway, DOCUMENT, accept_encoding=unwanted)).headers


async def test_the_page_may_run_and_ask_for_nothing_but_its_own(gateway: RunningGateway) -> None:
    """No script in the page, none from elsewhere, no frame around it."""
    page = await get(gateway, PAGE)
    policy = page.headers["content-security-policy"]
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "connect-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert not re.search(rb"<script(?![^>]*src=)|\son[a-z]+=|https?://", page.body)


async def test_everything_that_the_page_needs_is_here(gateway: RunningGateway) -> None:
    """And what has its version in its name is kept for good."""
    parts = await page_parts(gateway)
    assert len(parts) == 4
    for path in parts:
        answer = await get(gateway, path)
        assert answer.status == 200
        assert answer.headers["content-type"].split(";")[0] in ("text/javascript", "text/css", "image/svg+xml")
        assert ("immutable" in answer.headers["cache-control"]) is bool(re.search(r"[0-9]\.js$", path))
