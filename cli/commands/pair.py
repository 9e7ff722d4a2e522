"""`smith pair`"""

import json
import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from cli.commands.text import JSON, SIGNING_IN, text


class SimulatedBrowser(StrEnum):
    """The kinds of browsers that the simulator has."""

    APPLE = "apple"
    CHROME = "chrome"
    FIREFOX = "firefox"


def pair(
    user: Annotated[
        str | None,
        typer.Option(
            metavar="EMAIL",
            help="The phone's owner; you if left out.",
            callback=text,
            show_default=False,
        ),
    ] = None,
    simulated: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Pair a new simulated iPhone instead.", callback=text, show_default=False),
    ] = None,
    browser: Annotated[
        SimulatedBrowser | None,
        typer.Option(help="With --simulated: a simulated browser of this kind.", show_default=False),
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Pair a phone: print a code, a link and a QR code.

    The code works once, for 10 minutes, in the app on the phone. The link names the server by SMITH_GATEWAY_URL: set it
    to the address at which phones reach the REST API.
    """
    from cli.account.pairing import make_pairing_code, pair_simulated_phone
    from cli.client.running import run_as_owner

    if browser is not None and simulated is None:
        raise typer.BadParameter("it names the kind of a simulated browser: give its name with --simulated")
    if simulated is not None:
        phone: dict[str, Any] = run_as_owner(
            "pair", lambda settings, owner: pair_simulated_phone(settings, owner, user, simulated, browser)
        )
        said = f"Paired {phone['name']!r} for {phone['email']}. Its screen: {phone['url']}"
        typer.echo(json.dumps(phone) if as_json else said)
        return
    code: dict[str, Any] = run_as_owner("pair", lambda settings, owner: make_pairing_code(settings, owner, user))
    if as_json:
        typer.echo(json.dumps(code))
        return
    _show(code)


def _show(code: dict[str, Any]) -> None:
    import segno

    from service_kit.reach import doubts_for_phones, unreachable_for_phones

    if sys.stdout.isatty():
        segno.make(code["link"], error="m").terminal(compact=True, border=2)
    typer.echo(f"Pairing code  {code['pairing_code']}   for a phone of {code['email']}, until {code['expires_at']}")
    typer.echo(f"Link          {code['link']}")
    if warning := unreachable_for_phones(code["server"]) or doubts_for_phones(code["server"]):
        typer.echo(warning, err=True)


pair.__doc__ = f"{pair.__doc__}\n{SIGNING_IN}"
