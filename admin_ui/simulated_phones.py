"""Pairs simulated phones and browsers, for pages with a button for it."""

import httpx

from admin_ui.texts import _

SECONDS = 15.0
BROWSERS = {"chrome": "Chrome", "firefox": "Firefox", "apple": "Safari"}
"""The kinds of simulated browsers and their names. Safari is the one of an app on an iPhone's home screen."""


class SimulatorAway(Exception):
    """The simulator could not be reached or refused. The message is a sentence for people."""


async def pair_phone(simulator_url: str, pairing_code: str, name: str) -> None:
    """Has a new simulated iPhone use the code, as a person would.

    Raises SimulatorAway.
    """
    await _pair(simulator_url, "/phones", {"pairing_code": pairing_code, "name": name})


async def pair_browser(simulator_url: str, pairing_code: str, name: str, kind: str) -> None:
    """Has a new simulated browser use the code; `kind` is a key of `BROWSERS`.

    Raises SimulatorAway.
    """
    await _pair(simulator_url, "/browsers", {"pairing_code": pairing_code, "name": name, "kind": kind})


async def _pair(simulator_url: str, path: str, wanted: dict[str, str]) -> None:
    try:
        async with httpx.AsyncClient(base_url=simulator_url, timeout=SECONDS, trust_env=False) as http:
            answer = await http.post(path, json=wanted)
    except httpx.HTTPError as error:
        raise SimulatorAway(_("The simulator cannot be reached. Is it running?")) from error
    if answer.is_error:
        raise SimulatorAway(_("The simulator could not pair a device. Ask for a new code and try again."))
