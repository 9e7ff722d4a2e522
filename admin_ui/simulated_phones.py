"""Pairs simulated phones, for pages with a button for it."""

import httpx

SECONDS = 15.0


class SimulatorAway(Exception):
    """The simulator could not be reached or refused. The message is a sentence for people."""


async def pair_phone(simulator_url: str, pairing_code: str, name: str) -> None:
    """Has a new simulated iPhone use the code, as a person would.

    Raises SimulatorAway.
    """
    try:
        async with httpx.AsyncClient(base_url=simulator_url, timeout=SECONDS, trust_env=False) as http:
            answer = await http.post("/phones", json={"pairing_code": pairing_code, "name": name})
    except httpx.HTTPError as error:
        raise SimulatorAway("The simulator cannot be reached. Is it running?") from error
    if answer.is_error:
        raise SimulatorAway("The simulator could not pair a phone. Ask for a new code and try again.")
