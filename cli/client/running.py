"""Runs commands that need a signed-in person."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from cli.client.owner import Owner, find_owner
from cli.client.settings import ClientSettings
from cli.commands.running import run_with

T = TypeVar("T")


def run_as_owner(command: str, work: Callable[[ClientSettings, Owner], Awaitable[T]]) -> T:
    """Runs `work` with the person to sign in as, and returns its result. Ends the process as `commands.running.run`."""
    return run_with(ClientSettings, command, lambda settings: work(settings, find_owner(settings)))
