"""Core's own commands, which know what the database holds. Core is another process: its code is not loaded here."""

import asyncio
import json
import os
from asyncio.subprocess import DEVNULL, PIPE
from typing import Any

from cli.up.errors import CannotStart, Failed
from cli.up.programs import module

DONE, NOT_SO, REFUSED = 0, 1, 2


async def ask_core(*command: str, database_url: str | None = None, given: bytes | None = None) -> Any:
    """What the command answers, from JSON. `given` is its standard input.

    Raises CannotStart or Failed with the line that it has complained with.
    """
    environment = dict(os.environ) | ({"SMITH_DATABASE_URL": database_url} if database_url else {})
    try:
        process = await asyncio.create_subprocess_exec(
            *module("core_service", *command),
            stdin=DEVNULL if given is None else PIPE, stdout=PIPE, stderr=PIPE, env=environment,
            # Ctrl-C in a terminal is for us to pass on.
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise Failed(f"core cannot be asked: {error.strerror}") from error
    try:
        answer, complaint = await process.communicate(given)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if answer and process.returncode in (DONE, NOT_SO):
        return json.loads(answer)
    line = (complaint.decode(errors="replace").strip().splitlines() or ["core said nothing"])[-1]
    raise (CannotStart if process.returncode == REFUSED else Failed)(line)
