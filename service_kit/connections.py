"""Limits what HTTP connections may use: how many a server holds, in all and for one address, and how long one may wait.

A connection *waits* while its client has to do something: it was just opened, has sent a part of a request, does not
read its answer, or is kept for a next request. If there is no room for a new connection, the one that has waited
longest is closed: its client opens another when it needs one. So idle connections do not keep others out.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Protocol

from service_kit.addresses import named_in, network_of

UNKNOWN = "unknown"
"""The address of clients without one, as on a Unix socket."""


class Connection(Protocol):
    """A connection that is counted."""

    def give_up(self) -> None:
        """Closes the waiting connection, to make room for another one."""


class Connections:
    """At most `limit` connections, and half of them for one network: an IPv4 address, or an IPv6 /64.

    `trusted_proxies` are addresses and networks separated by commas, or `*` for all. A proxy's connections belong to
    many clients, so it may have all of them.
    """

    def __init__(self, limit: int, trusted_proxies: str = "") -> None:
        self.limit = limit
        self.share = max(1, limit // 2)
        self._is_proxy = named_in(trusted_proxies)
        self._network_of: dict[Connection, str] = {}
        self._held: dict[str, int] = {}
        self._waiting: dict[str, OrderedDict[Connection, None]] = {}

    def __len__(self) -> int:
        return len(self._network_of)

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._network_of)

    def enter(self, connection: Connection, address: str) -> bool:
        """Counts a new connection, which waits. Returns False, and does not count it, if there is no room and no
        waiting connection can be closed for it."""
        network = share_of(address)
        held = self._held.get(network, 0)
        if held >= self.share and not self._is_proxy(address):
            if not self._give_up_one_of(network):
                return False
        elif len(self) >= self.limit and not self._give_up_one_of(self._largest()):
            return False
        self._network_of[connection] = network
        self._held[network] = self._held.get(network, 0) + 1
        self.waits(connection)
        return True

    def waits(self, connection: Connection) -> None:
        """Marks the connection as waiting for its client."""
        if (network := self._network_of.get(connection)) is not None:
            waiting = self._waiting.setdefault(network, OrderedDict())
            waiting[connection] = None
            waiting.move_to_end(connection)

    def works(self, connection: Connection) -> None:
        """Marks the connection as working on a request."""
        if (network := self._network_of.get(connection)) is not None:
            self._wait_no_more(connection, network)

    def leave(self, connection: Connection) -> None:
        """Forgets a connection that was closed. Does nothing if it was never counted."""
        network = self._network_of.pop(connection, None)
        if network is None:
            return
        self._wait_no_more(connection, network)
        self._held[network] -= 1
        if not self._held[network]:
            del self._held[network]

    def _wait_no_more(self, connection: Connection, network: str) -> None:
        waiting = self._waiting.get(network)
        if waiting is None:
            return
        waiting.pop(connection, None)
        if not waiting:
            del self._waiting[network]

    def _largest(self) -> str:
        """The network with the most connections, of those that have a waiting one."""
        return max(self._waiting, key=self._held.__getitem__, default="")

    def _give_up_one_of(self, network: str) -> bool:
        waiting = self._waiting.get(network)
        if not waiting:
            return False
        longest = next(iter(waiting))
        self.leave(longest)
        longest.give_up()
        return True


class Alarm:
    """A one-shot timer that can be restarted. It calls `action`."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action
        self._timer: asyncio.TimerHandle | None = None
        self._is_retired = False

    @property
    def is_set(self) -> bool:
        """Whether the timer is running."""
        return self._timer is not None

    def set(self, seconds: float) -> None:
        """Starts the timer, for `seconds`. Does nothing if it is running already."""
        if self._timer is None and not self._is_retired:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._ring)

    def cancel(self) -> None:
        """Stops the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def retire(self) -> None:
        """Stops the timer for good: `set` does nothing any more."""
        self._is_retired = True
        self.cancel()

    def _ring(self) -> None:
        self._timer = None
        self._action()


def share_of(address: str) -> str:
    """The key of an address's share of a limit: its network. Text that is not an address has a share of its own."""
    return network_of(address) or address or UNKNOWN
