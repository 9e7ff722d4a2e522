"""A fault of one of a page's watchers: logged, told, and the end of nothing else."""

import pytest
from nicegui import ui
from nicegui.testing import User

from admin_ui import page_task
from admin_ui.pages.devices import DevicesPage
from tests.admin.looking import sees
from tests.core.harness import Account
from tests.waiting import eventually_async

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_watcher_that_fails_is_logged_and_told_and_goes_on(
    owner: User, account: Account, page_faults: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_task, "AFTER_A_FAULT_SECONDS", 0.0)
    hear, heard = DevicesPage.hear, []

    async def fail_once(page: DevicesPage, events: object) -> None:
        heard.append(events)
        if len(heard) == 1:
            raise ValueError("not what the page expected")
        await hear(page, events)  # type: ignore[arg-type]

    monkeypatch.setattr(DevicesPage, "hear", fail_once)
    await owner.open("/devices")
    await sees(owner, "Something went wrong. The server's log says what.")
    assert "not what the page expected" in page_faults.pop()
    await account.add_phone(name="After the fault")
    await sees(owner, "After the fault")


async def test_every_watcher_may_tell_the_page_something(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    async def tell(page: DevicesPage, events: object) -> None:
        ui.notify("told by a watcher")

    monkeypatch.setattr(DevicesPage, "hear", tell)
    await owner.open("/devices")
    await sees(owner, "told by a watcher")


async def test_a_fault_that_is_not_expected_fails_the_test_it_happens_in(
    owner: User, page_faults: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(page: DevicesPage, events: object) -> None:
        raise ValueError("unexpected")

    monkeypatch.setattr(DevicesPage, "hear", fail)
    await owner.open("/devices")

    async def noted() -> bool:
        return bool(page_faults)

    await eventually_async("the fault is where the test looks at its end", noted)
    page_faults.clear()
