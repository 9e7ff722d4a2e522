"""Runs PostgreSQL's own programs that write and read dumps."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cli.up.errors import Failed

CHUNK = 1024 * 1024
LONGEST_COMPLAINT = 64 * 1024
DUMP_OPTIONS = (
    # Fast compression: a backup should not slow down the running server.
    "--format=custom", "--compress=1", "--no-password", "--lock-wait-timeout=60s",
    # The user who restores it becomes the owner.
    "--no-owner", "--no-privileges",
)  # fmt: skip
LOAD_OPTIONS = (
    "--format=custom", "--no-password", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges",
)  # fmt: skip


@dataclass(frozen=True)
class Database:
    """A running database, and the folder of the programs of its version."""

    url: str
    binaries: Path


def first_line(error: psycopg.Error) -> str:
    """The first line of the error. Further lines may show rows."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


async def dump(database: Database, snapshot: str, write: Callable[[bytes], None]) -> None:
    """Passes a dump of the database, as the exported snapshot sees it, to `write` in pieces. Raises Failed."""
    async with _running(database, "pg_dump", *DUMP_OPTIONS, f"--snapshot={snapshot}") as process:
        if process.stdout:
            while piece := await process.stdout.read(CHUNK):
                write(piece)


async def load(database: Database, pieces: Iterable[bytes]) -> None:
    """Restores the whole dump or nothing. Raises Failed, or what `pieces` raises."""
    async with _running(database, "pg_restore", *LOAD_OPTIONS) as process:
        if process.stdin:
            try:
                for piece in pieces:
                    process.stdin.write(piece)
                    await process.stdin.drain()
                process.stdin.close()
                await process.stdin.wait_closed()
            except (BrokenPipeError, ConnectionResetError):
                # It has ended early. Its exit code and its error output say why.
                return


@asynccontextmanager
async def _running(database: Database, program: str, *options: str) -> AsyncIterator[Process]:
    """Runs the program on the database. The end of the block waits for its success; an exception ends the program."""
    parameters = conninfo_to_dict(database.url)
    password = parameters.pop("password", None)
    # Not as an argument, which every user of this machine can read, and without our own secrets.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SMITH_")}
    environment |= {"LC_ALL": "C"} | ({"PGPASSWORD": str(password)} if password else {})
    try:
        process = await asyncio.create_subprocess_exec(
            database.binaries / program, *options, f"--dbname={make_conninfo('', **parameters)}",
            stdin=PIPE if program == "pg_restore" else DEVNULL, stdout=PIPE if program == "pg_dump" else DEVNULL,
            stderr=PIPE, env=environment, limit=CHUNK,
            # A new session: we pass Ctrl-C on ourselves.
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise Failed(f"cannot run {database.binaries / program}: {error.strerror}") from error
    complaining = asyncio.create_task(_complaint(process))
    try:
        yield process
        code, complaint = await process.wait(), await complaining
    finally:
        complaining.cancel()
        if process.returncode is None:
            # Its own kill() would take the exit code of a process that has just ended from the one that waits for it.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if code != 0:
        raise Failed(complaint or f"{program} ended with exit code {code}")


async def _complaint(process: Process) -> str:
    """The line with the error. Lines after it may show rows."""
    if process.stderr is None:
        return ""
    said = b""
    while piece := await process.stderr.read(CHUNK):
        said += piece[: LONGEST_COMPLAINT - len(said)]
    lines = said.decode(errors="replace").splitlines()
    return next((line for line in lines if " error: " in line), "".join(lines[:1]))
