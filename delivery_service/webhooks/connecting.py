"""Connects only to allowed addresses. A host is resolved once, and the connection goes to the checked address."""

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpcore

from delivery_service.webhooks.addresses import AddressRules

Resolve = Callable[[str, int], list[str]]

RESOLVERS = 256
"""Most threads for name resolution; usually few exist. A thread that waits for a slow name server goes on after its
call has given up. There are more threads than calls at once, so that one account's slow name servers do not delay
others."""


class AddressRefused(Exception):
    """The host resolves to an address that must not be called."""


class HostUnknown(Exception):
    """The host resolves to no address."""


def resolve(host: str, port: int) -> list[str]:
    """Every address of the host, from the system's resolver, which also knows all forms of numeric hosts.

    Raises OSError, and UnicodeError for an invalid host name.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class CheckedAddresses:
    """Finds the addresses of hosts, and refuses those that must not be called."""

    def __init__(self, rules: AddressRules, resolver: Resolve = resolve) -> None:
        self._rules = rules
        self._resolve = resolver
        self._threads = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="dns")

    async def of(self, host: str, port: int) -> list[str]:
        """All addresses of the host. Raises AddressRefused if any of them must not be called, or HostUnknown."""
        loop = asyncio.get_running_loop()
        try:
            addresses = await loop.run_in_executor(self._threads, self._resolve, host, port)
        except (OSError, UnicodeError) as error:
            raise HostUnknown(host) from error
        # One forbidden address is enough to refuse: it must not depend on chance which address is used.
        if not all(self._rules.allow(host, ipaddress.ip_address(address), port) for address in addresses):
            raise AddressRefused(host)
        return addresses

    def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Makes httpcore's connections. TLS still verifies the host's name, not the address."""

    def __init__(self, rules: AddressRules, resolver: Resolve = resolve) -> None:
        self._addresses = CheckedAddresses(rules, resolver)
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connects to the first of the host's addresses that answers.

        Raises AddressRefused if any of them must not be called, HostUnknown, or httpcore.ConnectError.
        """
        failure: Exception = HostUnknown(host)
        for address in await self._addresses.of(host, port):
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(self, *arguments: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        """Refused."""
        raise AddressRefused("a webhook is called over the network")

    async def sleep(self, seconds: float) -> None:
        """Part of httpcore's interface."""
        await asyncio.sleep(seconds)

    def close(self) -> None:
        """Ends the threads."""
        self._addresses.close()
