"""The server to call, and the API key."""

import os
import re
from dataclasses import dataclass, fields
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

import typer

from activitysmith_cli.values import parse_seconds

DEFAULT_BASE_URL = "http://127.0.0.1:8000"
"""URL of a server with default settings on this machine."""
DEFAULT_TIMEOUT = 20.0
"""Seconds. A busy server answers so within 15."""
KEY_VARIABLE, URL_VARIABLE = "ACTIVITYSMITH_API_KEY", "ACTIVITYSMITH_BASE_URL"
GIVEN_BEFORE = "activitysmith.connection"
"""Key of the options before the subcommand in the context."""


@dataclass(frozen=True)
class Server:
    """A server to call."""

    api_url: str
    """The URL of the API, to which paths such as `/push-notification` are appended."""
    api_key: str
    timeout: float
    """Seconds that a call may take."""


@dataclass(frozen=True)
class Connection:
    """The options for the connection. They may be given before or after a subcommand; the last one counts."""

    api_key: Annotated[
        str | None, typer.Option(metavar="KEY", help=f"The API key. Better in {KEY_VARIABLE}: others see commands.")
    ] = None
    base_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help=f"The server; {URL_VARIABLE}, or else {DEFAULT_BASE_URL}, if left out."),
    ] = None
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            parser=parse_seconds,
            help=f"How long to wait for an answer; {DEFAULT_TIMEOUT:g} if left out.",
        ),
    ] = None

    def remember(self, context: typer.Context) -> None:
        """Keeps the options for the subcommands."""
        context.meta[GIVEN_BEFORE] = self._over(context)

    def server(self, context: typer.Context) -> Server:
        """The server to call. Raises typer.BadParameter for an invalid URL or key."""
        options = self._over(context)
        return Server(_api_url(options.base_url), _api_key(options.api_key), options.timeout or DEFAULT_TIMEOUT)

    def _over(self, context: typer.Context) -> "Connection":
        before: Connection = context.meta.get(GIVEN_BEFORE, EMPTY)
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return Connection(**{n: getattr(before, n) if value is None else value for n, value in values.items()})


EMPTY = Connection()


class NoKey(typer.BadParameter):
    """There is no API key."""

    def __init__(self) -> None:
        super().__init__(f"no API key: set {KEY_VARIABLE}, or give --api-key.", param_hint="--api-key")


def _api_key(given: str | None) -> str:
    key = (os.environ.get(KEY_VARIABLE, "") if given is None else given).strip()
    if not key:
        raise NoKey
    if not re.fullmatch(r"[!-~]+", key):
        hint = KEY_VARIABLE if given is None else "--api-key"
        raise typer.BadParameter("an API key is printable ASCII without spaces.", param_hint=hint)
    return key


def _api_url(given: str | None) -> str:
    hint = URL_VARIABLE if given is None else "--base-url"
    url = given if given is not None else os.environ.get(URL_VARIABLE) or DEFAULT_BASE_URL
    try:
        parts = urlsplit(url)
        if not _is_server(parts) or re.search(r"[^!-~]", url):
            raise ValueError
    except ValueError:
        raise typer.BadParameter(f"must be the URL of a server, such as {DEFAULT_BASE_URL}.", param_hint=hint) from None
    path = parts.path.rstrip("/").removesuffix("/api").rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path}/api"


def _is_server(parts: SplitResult) -> bool:
    # `port` raises ValueError for an invalid port.
    has_server = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    return has_server and "@" not in parts.netloc and not parts.query and not parts.fragment
