"""The admin app in this process, on a real core; people who look at its pages without a browser."""

import asyncio
import gc
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import nicegui
import pytest
import pytest_asyncio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from nicegui import Client, ElementFilter, background_tasks, ui
from nicegui.functions.download import download
from nicegui.functions.navigate import Navigate
from nicegui.functions.notify import notify
from nicegui.testing import User
from nicegui.testing.general import nicegui_reset_globals
from nicegui.testing.user_notify import UserNotify

from admin_ui.application import build_app
from admin_ui.settings import AdminSettings
from tests.admin.looking import PATIENCE
from tests.admin.plain import shown
from tests.core.conftest import account, core, new_database, stranger
from tests.core.harness import DEADLINE_SECONDS, Account, Core
from tests.page_faults import caught
from tests.waiting import eventually_async

__all__ = ["account", "core", "new_database", "stranger"]

Open = Callable[..., "Person"]


class Person(User):
    """Somebody who looks at pages; also at the plain one for signing in, which a page may send them to."""

    plain: httpx.Response | None = None
    """The plain page that they look at."""

    async def open(self, path: str, *, clear_forward_history: bool = True) -> Client | None:  # type: ignore[override]
        """Opens a page. Answers with None if it is a plain one."""
        self.plain = None
        if path.startswith("/sign-in"):
            answer = await self.http_client.get(path, follow_redirects=True)
            if answer.url.path == "/sign-in":
                self.plain = answer
                return None
        return await super().open(path, clear_forward_history=clear_forward_history)

    async def should_see(self, target: Any = None, *, retries: int = PATIENCE, **wanted: Any) -> None:  # type: ignore[override]
        """Returns once it is there. NiceGUI itself waits for a third of a second unless told otherwise."""
        await super().should_see(target, retries=retries, **wanted)

    async def should_not_see(self, target: Any = None, *, retries: int = PATIENCE, **wanted: Any) -> None:  # type: ignore[override]
        """Returns once it is not there."""
        await super().should_not_see(target, retries=retries, **wanted)

    def shows(self, words: str) -> bool:
        """Whether the words are on the page now."""
        with self:
            return any(True for _ in ElementFilter(content=words))

    async def is_sent_to_sign_in(self) -> str:
        """Returns what the page for signing in says, once they are there."""

        async def there() -> httpx.Response | None:
            return self.plain

        return shown(await eventually_async("the page for signing in", there))


class _End:
    """In the place of a pattern of the scripts that NiceGUI's person knows: follows the one that ends a page, as a
    browser does. It matches none, for that script gets no answer."""

    CALL = re.compile(r"window\.smith\.end\((.*)\)")

    def __init__(self, person: Person) -> None:
        self._person = person

    def match(self, script: str) -> None:
        if found := self.CALL.fullmatch(script):
            background_tasks.create(self._person.open(json.loads(found[1])))


class _Notify(UserNotify):
    """As NiceGUI's own for tests, but only where a browser would be told: on a page."""

    def __call__(self, message: str, **options: Any) -> None:
        assert ui.context.client
        super().__call__(message, **options)


@pytest.fixture(autouse=True)
def page_faults() -> Iterator[list[str]]:
    """What pages failed with during the test, which fails unless it takes them out of the list."""
    with caught() as faults:
        yield faults


@asynccontextmanager
async def running_admin(core: Core, **settings: Any) -> AsyncIterator[Open]:
    """The app over `core`; `settings` are fields of AdminSettings. Answers with what makes people who look at it:
    `open_as(session="ses_...")`, or no person at all."""
    config = AdminSettings(**({"core_address": core.address} | settings))
    # NiceGUI's reset leaves these; other tests' pages would be answered by them.
    handlers = dict(nicegui.app.exception_handlers)
    # NiceGUI collects garbage twice for each app, and looks through all objects: through those that are new, this way.
    # That halves the processor time of the tests here.
    gc.freeze()
    with nicegui_reset_globals():
        app = build_app(core.channel, config)
        clients: list[httpx.AsyncClient] = []

        def open_as(session: str | None = None) -> Person:
            cookies = {"smith_session": session} if session else {}
            transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
            client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", cookies=cookies)
            clients.append(client)
            user = Person(client)
            user.notify = _Notify()
            user.javascript_rules[_End(user)] = lambda _: None  # type: ignore[index]
            return user

        try:
            async with app.router.lifespan_context(app):
                await _until_healthy(core)
                yield open_as
                await asyncio.gather(*(client.aclose() for client in clients))
        finally:
            ui.navigate, ui.notify, ui.download = Navigate(), notify, download
            nicegui.app.exception_handlers.clear()
            nicegui.app.exception_handlers.update(handlers)


async def _until_healthy(core: Core) -> None:
    """Building the app holds up this process, and with it the core, which may then think that its database is away."""
    health = health_pb2_grpc.HealthStub(core.channel)

    async def is_serving() -> bool:
        answer = await health.Check(health_pb2.HealthCheckRequest(), wait_for_ready=True, timeout=DEADLINE_SECONDS)
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    await eventually_async("the core is healthy", is_serving)


@pytest_asyncio.fixture(loop_scope="session")
async def admin(core: Core) -> AsyncIterator[Open]:
    """The app for one test."""
    async with running_admin(core) as open_as:
        yield open_as


@pytest_asyncio.fixture(loop_scope="session")
async def owner(admin: Open, account: Account) -> User:
    """The owner of a new account, looking at no page yet."""
    return admin(account.session)


@pytest_asyncio.fixture(loop_scope="session")
async def member(admin: Open, account: Account) -> User:
    """A member of that account who is no owner."""
    _, caller = await account.add_member()
    return admin(str(caller.secret))
