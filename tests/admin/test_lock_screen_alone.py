"""The lock screen page where the simulator is away, or none is used."""

import asyncio
from pathlib import Path

from nicegui.testing import User

from tests.admin.conftest import running_admin
from tests.core.harness import Account, Core
from tests.simulator.process import SimulatorProcess
from tests.stack import free_ports


async def test_without_a_simulator_there_is_no_such_page(owner: User) -> None:
    await owner.open("/")
    await owner.should_not_see("Lock screen")
    assert (await owner.http_client.get("/lock-screen")).status_code == 404


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
