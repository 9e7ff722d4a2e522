"""Asks one process of this machine. It runs every few seconds in many containers, so it imports little."""

from cli.health.settings import HealthSettings
from cli.probing.answer import GRPC, Answer, State


async def ask(settings: HealthSettings, process: str, *, seconds: float, alive: bool) -> Answer:
    """Whether it can serve or, with `alive`, whether it answers at all."""
    address = settings.address_of(process)
    if process in GRPC:
        from cli.probing.by_grpc import ask_grpc
        from service_kit.peers import Peers

        answer = await ask_grpc(process, address, Peers.of(settings), seconds)
    else:
        from cli.probing.by_http import ask_http

        # The simulator is ready as soon as it answers.
        path = "/healthz" if alive or process == "simulator" else "/readyz"
        answer = await ask_http(f"http://{address}", seconds, path)
    if alive and answer.state is State.NOT_READY:
        return Answer(State.READY, answer.words)
    return answer
