"""The pages of the web admin are loaded once somebody asks for one."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse

from admin_ui.on_demand import MAX_WAITING, Pages, PagesOnDemand
from tests.stack import free_ports
from tests.waiting import LONG, eventually, eventually_async

OF_PAGES = "orjson"
"""A native library that NiceGUI loads."""


class Admin:
    """A web admin as a process of its own. Its core is away."""

    def __init__(self, log: Path) -> None:
        port, core = free_ports(2)
        self.url = f"http://127.0.0.1:{port}"
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "admin_ui"],
                env={"SMITH_ADMIN_PORT": str(port), "SMITH_CORE_ADDRESS": f"127.0.0.1:{core}", "SMITH_STOP_AT_EOF": "1"}
                | {"SMITH_ADMIN_CALL_TIMEOUT": "0.2"},
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
            )

    def get(self, path: str) -> httpx.Response:
        """What it answers."""
        return httpx.get(f"{self.url}{path}", trust_env=False, timeout=LONG)

    def is_alive(self) -> bool:
        """Whether it answers."""
        try:
            return self.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False

    @property
    def has_loaded_pages(self) -> bool:
        """Whether what only pages need is in its memory."""
        return any(Path(one.path).name.startswith(OF_PAGES) for one in psutil.Process(self.process.pid).memory_maps())

    @property
    def memory(self) -> int:
        """Bytes."""
        return int(psutil.Process(self.process.pid).memory_info().rss)


@pytest.fixture
def admin(tmp_path: Path) -> Iterator[Admin]:
    """One that answers."""
    admin = Admin(tmp_path / "log")
    try:
        eventually("it answers", admin.is_alive)
        yield admin
    finally:
        admin.process.terminate()
        admin.process.communicate(timeout=3 * LONG)
    assert admin.process.returncode == 0, (tmp_path / "log").read_text()


@pytest.mark.slow
def test_health_checks_load_no_page_and_the_first_page_does(admin: Admin) -> None:
    assert admin.get("/healthz").json() == {"status": "alive"}
    assert admin.get("/readyz").status_code == 503
    assert not admin.has_loaded_pages
    small = admin.memory
    shown = admin.get("/sign-in")
    assert (shown.status_code, "This page cannot be shown" in shown.text) == (503, True), "core is away"
    assert admin.has_loaded_pages
    assert admin.memory > 1.3 * small
    assert admin.get("/healthz").json() == {"status": "alive"}


@pytest.mark.slow
def test_an_answer_about_health_has_the_headers_of_all_answers(admin: Admin) -> None:
    before, page, after = admin.get("/healthz"), admin.get("/sign-in"), admin.get("/healthz")
    assert "content-security-policy" in before.headers
    assert {"x-request-id", "x-content-type-options"} <= before.headers.keys() & page.headers.keys()
    assert before.headers.keys() == after.headers.keys()


async def test_those_who_ask_first_wait_for_the_same_pages() -> None:
    built: list[FastAPI] = []
    finish = asyncio.Event()

    async def build() -> Pages:
        await finish.wait()
        app = FastAPI()
        app.add_route("/", lambda _: PlainTextResponse("a page"))
        built.append(app)
        return Pages(app, app, lambda _: False)

    pages = PagesOnDemand(build)
    running = asyncio.create_task(pages.run())
    assert pages.has_room("192.0.2.1")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url="http://admin") as browser:
        asking = [asyncio.create_task(browser.get("/")) for _ in range(3)]
        await asyncio.sleep(0)
        # This one's browser leaves.
        asking.pop().cancel()
        finish.set()
        assert [(await one).text for one in asking] == ["a page"] * 2
    assert len(built) == 1
    assert not pages.has_room("192.0.2.1")
    pages.close()
    await running


async def test_only_so_many_requests_wait_for_pages_to_be_built() -> None:
    finish = asyncio.Event()

    async def build() -> Pages:
        await finish.wait()
        app = FastAPI()
        app.add_route("/", lambda _: PlainTextResponse("a page"))
        return Pages(app, app, lambda _: True)

    pages = PagesOnDemand(build)
    running = asyncio.create_task(pages.run())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url="http://admin") as browser:
        asking = [asyncio.create_task(browser.get("/")) for _ in range(MAX_WAITING)]
        await eventually_async("no more may wait", lambda: refuses(pages))
        finish.set()
        assert {(await one).text for one in asking} == {"a page"}
    assert pages.has_room("192.0.2.1")
    pages.close()
    await running


async def refuses(pages: PagesOnDemand) -> bool:
    """Whether one more page is refused."""
    return not pages.has_room("192.0.2.1")


async def test_pages_that_cannot_be_built_end_the_process() -> None:
    async def build() -> Pages:
        raise ImportError("no module named nicegui")

    pages = PagesOnDemand(build)
    running = asyncio.create_task(pages.run())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url="http://admin") as browser:
        with pytest.raises(ImportError):
            await browser.get("/")
    with pytest.raises(ImportError):
        await running


async def test_an_admin_that_was_never_looked_at_ends_at_once() -> None:
    async def build() -> Pages:
        raise AssertionError("no browser has asked")

    pages = PagesOnDemand(build)
    running = asyncio.create_task(pages.run())
    pages.close()
    await running
