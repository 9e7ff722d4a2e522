"""A core that is started before its database."""

import asyncio
from pathlib import Path

from core_service.app.first_contact import wait_for_file
from service_kit.process import StopRequest
from tests.waiting import LONG


async def test_it_waits_until_the_database_is_said_to_be_there(tmp_path: Path) -> None:
    ready = tmp_path / "database.ready"
    waiting = asyncio.create_task(wait_for_file(ready, StopRequest()))
    done, _ = await asyncio.wait({waiting}, timeout=0.1)
    assert not done
    ready.touch()
    await asyncio.wait_for(waiting, LONG)


async def test_it_stops_when_told_even_if_there_is_never_a_database(tmp_path: Path) -> None:
    stop = StopRequest()
    waiting = asyncio.create_task(wait_for_file(tmp_path / "database.ready", stop))
    await asyncio.sleep(0)
    stop.set()
    await asyncio.wait_for(waiting, LONG)
