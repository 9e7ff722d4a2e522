"""`smith key`"""

import json
from enum import StrEnum
from typing import Annotated, Any

import typer

from cli.commands.text import JSON, SIGNING_IN, text, texts

app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)


class Scope(StrEnum):
    """What a key may reach."""

    ALL = "all"
    CHANNELS = "channels"


@app.callback(epilog=SIGNING_IN)
def key() -> None:
    """Make, list and revoke API keys of a workspace."""


@app.command(epilog=SIGNING_IN)
def create(
    name: Annotated[str, typer.Argument(help="Name of the key, for people.", callback=text, show_default=False)],
    scope: Annotated[Scope | None, typer.Option(help="`all` unless channels are named.", show_default=False)] = None,
    channel: Annotated[
        list[str] | None, typer.Option(help="Slug of a channel that it may reach; repeat for more.", show_default=False)
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Make a key. Only its secret goes to standard output; it is shown this once: `KEY=$(smith key create ci)`."""
    channels = texts(channel or [])
    from cli.account.keys import create_key
    from cli.client.running import run_as_owner

    chosen = scope or (Scope.CHANNELS if channels else Scope.ALL)
    made: dict[str, Any] = run_as_owner(
        "key", lambda settings, owner: create_key(settings, owner, name, chosen.value, channels)
    )
    if as_json:
        typer.echo(json.dumps(made))
        return
    reach = "everybody in the workspace" if made["scope"] == "all" else ", ".join(made["channels"])
    typer.echo(f"Made the key {made['name']!r} ({made['id']}) for {reach}. Its secret is shown this once:", err=True)
    typer.echo(made["secret"])


@app.command("list", epilog=SIGNING_IN)
def list_(as_json: Annotated[bool, JSON] = False) -> None:
    """List the keys that are not revoked, oldest first."""
    from cli.account.keys import list_keys
    from cli.client.running import run_as_owner

    keys: list[dict[str, Any]] = run_as_owner("key", list_keys)
    if as_json:
        typer.echo(json.dumps(keys))
        return
    rows = [("ID", "NAME", "REACHES", "SECRET", "CREATED", "LAST USED")]
    rows += [
        (
            one["id"], one["name"], one["scope"] if one["scope"] == "all" else ",".join(one["channels"]),
            one["hint"] + "…", one["created_at"], one["last_used_at"] or "never",
        )
        for one in keys
    ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@app.command(epilog=SIGNING_IN)
def revoke(
    key: Annotated[str, typer.Argument(help="Its id, or its name if only one key has it.", callback=text)],
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Revoke a key for good: it is refused from the next request on."""
    from cli.account.keys import revoke_key
    from cli.client.running import run_as_owner

    revoked: dict[str, Any] = run_as_owner("key", lambda settings, owner: revoke_key(settings, owner, key))
    if as_json:
        typer.echo(json.dumps(revoked))
    else:
        typer.echo(f"Revoked the key {revoked['name']!r} ({revoked['id']}).")
