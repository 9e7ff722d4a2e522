"""Where a call came from."""

from typing import Any

from service_kit.addresses import read_address
from service_kit.interceptors import text_of
from service_kit.peers import Peers


def read_client_address(metadata: Any, peers: Peers) -> str:
    """Returns the IP address that a call came from; empty if unknown. Wrong guesses are counted by it and people are
    shown it, so only the server's own processes are believed."""
    return read_address(text_of(metadata, "x-client-address")) if peers.know(metadata) else ""
