"""Runs a command of ours to its end."""

import asyncio
import subprocess
from collections.abc import Mapping

from cli.up.errors import CannotStart


async def run_command(command: list[str], env: Mapping[str, str], *, seconds: float) -> int:
    """The exit code. What it says on standard error goes to ours. It does not outlive the caller's cancellation.

    Raises TimeoutError if it takes longer than `seconds`, CannotStart if it cannot be run at all.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=env,
            # Ctrl-C in a terminal is for us to pass on.
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
