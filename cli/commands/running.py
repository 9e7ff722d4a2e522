"""Runs commands that end by themselves."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from cli.up.errors import CannotStart, Failed
from cli.up.settings import UpSettings
from service_kit import logs
from service_kit.settings import ServiceSettings, load

T = TypeVar("T")
S = TypeVar("S", bound=ServiceSettings)

FAILED, CANNOT_START, INTERRUPTED = 1, 2, 130


def run(command: str, work: Callable[[UpSettings], Awaitable[T]]) -> T:
    """Runs `work` and returns its result. Ends the process with one line and an exit code if it raises CannotStart,
    Failed or OSError.

    Ctrl-C, SIGTERM and SIGHUP cancel the work, which may clean up.
    """
    return run_with(UpSettings, command, work)


def run_with(settings_class: type[S], command: str, work: Callable[[S], Awaitable[T]]) -> T:
    """As `run`, with other settings.

    `work` itself is called outside of the event loop: before it returns its awaitable it may ask the person at the
    terminal, and Ctrl-C works there.
    """
    settings = load(settings_class)
    logs.configure("smith", settings.log_level, settings.log_format)

    async def interruptible(working: Awaitable[T]) -> T:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("outside of a task")
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(signum, task.cancel)
        return await working

    try:
        return asyncio.run(interruptible(work(settings)))
    except CannotStart as error:
        line, code = str(error), CANNOT_START
    except Failed as error:
        line, code = str(error), FAILED
    except OSError as error:
        line, code = f"{error.filename}: {error.strerror}" if error.filename else str(error), FAILED
    except asyncio.CancelledError:
        line, code = "interrupted", INTERRUPTED
    typer.echo(f"smith {command}: {line}", err=True)
    raise typer.Exit(code)
