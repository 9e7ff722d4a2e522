"""Runs one of our commands to its end."""

import asyncio
import subprocess
from collections.abc import Mapping

from cli.up.errors import CannotStart


async def run_command(command: list[str], env: Mapping[str, str], *, seconds: float) -> int:
    """Runs the command and returns its exit code. Its standard error goes to ours. Cancellation ends the command.

    Raises TimeoutError if it takes longer than `seconds`, CannotStart if it cannot be run at all.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=env,
            # A new session: we pass Ctrl-C on ourselves.
            start_new_session=True,
        )
    except OSError as error:
        raise CannotStart(f"cannot run {command[0]}: {error.strerror}") from error
    try:
        return await asyncio.wait_for(process.wait(), seconds)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
