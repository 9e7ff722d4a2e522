"""Commands that somebody has to be signed in for."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from cli.client.owner import Owner, find_owner
from cli.client.settings import ClientSettings
from cli.commands.running import run_with

T = TypeVar("T")


def run_as_owner(command: str, work: Callable[[ClientSettings, Owner], Awaitable[T]]) -> T:
    """What `work` returns, which may sign in as this person. Ends the process as `cli.commands.running.run` does."""
    return run_with(ClientSettings, command, lambda settings: work(settings, find_owner(settings)))
