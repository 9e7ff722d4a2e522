"""`smith account`"""

import datetime as dt
import json
from collections.abc import Awaitable
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.text import JSON, SIGNING_IN, text

app = typer.Typer(
    help="Make and export workspaces, and let people in who have lost what they sign in with.", no_args_is_help=True
)


@app.callback()
def account() -> None:
    """Make and export workspaces, and let people in who have lost what they sign in with."""


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="The workspace's name.", callback=text, show_default=False)],
    *,
    email: Annotated[str, typer.Option(help="The owner's e-mail address.", callback=text, show_default=False)],
    owner_name: Annotated[str | None, typer.Option(help="The owner's name.", callback=text, show_default=False)] = None,
    generate: Annotated[bool, typer.Option("--generate-password", help="Generate a password and print it.")] = False,
    stdin: Annotated[bool, typer.Option("--password-stdin", help="Read it from standard input, one line.")] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Make a workspace and a new person who owns it, on a server that has none yet or that has others.

    The password is asked for in the terminal, unless an option says where it comes from. An e-mail address that
    a person on this server has already is refused: let an owner invite that person.

    This works on the database, as `smith migrate` does: the one of SMITH_DATABASE_URL or, without it, the embedded one
    in SMITH_DATA_DIR, whether the server runs or not. Only people with access to the database can do it: no request
    over the network makes a second workspace.
    """
    if generate and stdin:
        raise typer.BadParameter("--generate-password and --password-stdin exclude each other")
    from cli.account import password
    from cli.account.make import NewAccount, make_account
    from cli.commands.running import run
    from cli.up.settings import UpSettings

    def work(settings: UpSettings) -> Awaitable[dict[str, str]]:
        chosen = password.from_standard_input() if stdin else secret or password.from_person()
        return make_account(settings, NewAccount(name, email, owner_name, chosen))

    secret = password.made_up() if generate else None
    made: dict[str, str] = run("account", work)
    if as_json:
        typer.echo(json.dumps(made | ({"password": secret} if secret else {})))
        return
    typer.echo(f"Made the workspace {name.strip()!r}, owned by {made['email']}.")
    if secret:
        typer.echo(f"The password, shown this once: {secret}")


@app.command("reset-password")
def reset_password(
    email: Annotated[str, typer.Argument(help="The person's e-mail address.", callback=text, show_default=False)],
    *,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Make a link with which a person who has lost their password sets a new one.

    The link works once, for an hour. The person who has it can sign in as that person: give it to them only. When it is
    used, all sessions of the person end, and the audit logs of their workspaces record it.

    This works on the database as `smith account create` does, whether the server runs or not; the page that the link
    leads to needs the server.
    """
    from cli.account.reset import make_link
    from cli.commands.running import run
    from cli.up.settings import UpSettings

    def work(settings: UpSettings) -> Awaitable[dict[str, str]]:
        return make_link(settings, email)

    made: dict[str, str] = run("account", work)
    if as_json:
        typer.echo(json.dumps(made))
        return
    typer.echo(made["url"])
    typer.echo(f"It sets the password of {made['email']}, once, until {made['expires_at']}.", err=True)


@app.command("reset-second-factor")
def reset_second_factor(
    email: Annotated[str, typer.Argument(help="The person's e-mail address.", callback=text, show_default=False)],
    *,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Take away the second factor of a person who has lost it: the app, the passkeys and the recovery codes.

    After that their password is enough to sign in. All their sessions end, the audit logs of their workspaces record
    it, and they get a mail. Make sure first that it is the person who asks. For one who has lost the password too, make
    a link with `smith account reset-password` as well.

    This works on the database as `smith account create` does, whether the server runs or not.
    """
    from cli.account.reset import take_second_factor
    from cli.commands.running import run
    from cli.up.settings import UpSettings

    def work(settings: UpSettings) -> Awaitable[dict[str, Any]]:
        return take_second_factor(settings, email)

    taken: dict[str, Any] = run("account", work)
    if as_json:
        typer.echo(json.dumps(taken))
        return
    typer.echo(f"{taken['email']} signs in with the password alone now. Sessions ended: {taken['sessions_ended']}.")


@app.command(epilog=SIGNING_IN)
def export(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file. By default `smith-export-DATE.json` in this folder."),
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Export everything that the workspace has into one JSON file, which has no secrets.

    Only an owner of the workspace can do it, and its audit log records it. A file that exists is never overwritten. If
    the export is interrupted there is no file.
    """
    from cli.account.export import export_account
    from cli.client.running import run_as_owner

    target = output or Path(f"smith-export-{dt.datetime.now(dt.UTC).date().isoformat()}.json")
    made: dict[str, Any] = run_as_owner("account", lambda settings, owner: export_account(settings, owner, target))
    if as_json:
        typer.echo(json.dumps(made))
    else:
        typer.echo(f"Exported the workspace to {made['path']} ({made['bytes']:,} bytes).")
