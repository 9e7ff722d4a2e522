"""Runs core's own commands, which know the database's tables. Core runs as another process, so it is not imported."""

import asyncio
import json
import os
from asyncio.subprocess import DEVNULL, PIPE
from typing import Any

from cli.up.errors import CannotStart, Failed
from cli.up.programs import module

DONE, NOT_SO, REFUSED = 0, 1, 2


async def ask_core(*command: str, database_url: str | None = None, given: bytes | None = None) -> Any:
    """The command's answer, parsed from JSON. `given` is its standard input.

    Raises CannotStart or Failed with the command's error line.
    """
    environment = dict(os.environ) | ({"SMITH_DATABASE_URL": database_url} if database_url else {})
    try:
        process = await asyncio.create_subprocess_exec(
            *module("core_service", *command),
            stdin=DEVNULL if given is None else PIPE, stdout=PIPE, stderr=PIPE, env=environment,
            # A new session: we pass Ctrl-C on ourselves.
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise Failed(f"core's command cannot be run: {error.strerror}") from error
    try:
        answer, complaint = await process.communicate(given)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if answer and process.returncode in (DONE, NOT_SO):
        return json.loads(answer)
    line = (complaint.decode(errors="replace").strip().splitlines() or ["core's command gave no answer"])[-1]
    raise (CannotStart if process.returncode == REFUSED else Failed)(line)
