"""The lock screen page where the simulator is away, or none is used: then it has the demo, which reaches no server."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from nicegui.testing import User

from admin_ui.phones import demo_script, demo_stage
from tests.admin.conftest import running_admin
from tests.core.harness import Account, Core
from tests.simulator.process import SimulatorProcess
from tests.stack import free_ports


async def test_without_a_simulator_the_demo_is_played_in_the_page_alone(
    owner: User, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = tuple(replace(scene, at=scene.at / 100) for scene in demo_script.SCENES)
    monkeypatch.setattr(demo_script, "SCENES", quick)
    monkeypatch.setattr(demo_script, "SECONDS", demo_script.SECONDS / 100)
    monkeypatch.setattr(demo_stage, "EXPLAINED", tuple(scene for scene in quick if scene.title))
    await owner.open("/")
    await owner.should_not_see("Lock screen")
    await owner.open("/lock-screen")
    await owner.should_see("This server has no simulated phones.")
    seen: list[str] = []
    monkeypatch.setattr(demo_stage.Caption, "show", lambda _, scene: seen.append(scene.title))
    owner.find("Watch the demo").click()
    await owner.should_see("Nothing was sent.")
    assert seen == [scene.title for scene in quick if scene.title]
    assert not await account.core.sql("SELECT FROM notifications WHERE account_id = %s", account.id)
    assert not await account.core.sql("SELECT FROM devices WHERE account_id = %s", account.id)


@pytest.mark.thorough
async def test_a_simulator_that_is_away_is_missed_and_found_again(core: Core, account: Account, tmp_path: Path) -> None:
    [port] = free_ports(1)
    async with running_admin(core, simulator_url=f"http://127.0.0.1:{port}") as open_as:
        user = open_as(account.session)
        await user.open("/lock-screen")
        await user.should_see("The simulator cannot be reached")
        simulator = await asyncio.to_thread(SimulatorProcess(tmp_path, SMITH_SIMULATOR_PORT=str(port)).start)
        try:
            await user.should_see("No iPhone yet")
            await user.should_not_see("The simulator cannot be reached")
        finally:
            await asyncio.to_thread(simulator.stop)
