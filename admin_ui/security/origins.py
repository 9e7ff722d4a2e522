"""Which hosts this app answers for, and which pages may call it: its own."""

from urllib.parse import SplitResult, urlsplit

from admin_ui.settings import AdminSettings
from service_kit.addresses import ANY_ADDRESS
from service_kit.hosts import LOOPBACK_NAMES, host_name

DEFAULT_PORTS = {"http": 80, "https": 443}


class Origins:
    """The origins that are this app: where people's browsers find it, and this machine itself.

    Other hosts are refused. Otherwise an attacker's name that resolves to this machine (DNS rebinding) would be the
    same origin as this app's pages.
    """

    def __init__(self, settings: AdminSettings) -> None:
        self._public = urlsplit(settings.public_url)
        bound = set() if settings.bind_host in ANY_ADDRESS else {settings.bind_host.lower()}
        self._local = LOOPBACK_NAMES | bound

    def knows(self, host: str) -> bool:
        """Whether a `Host` header names this app."""
        # `urlsplit` alone ignores what follows a bracket.
        parts = _split(f"//{host}") if host_name(host) else None
        if parts is None:
            return False
        return parts.hostname in self._local or self._is_public(parts, self._public.scheme)

    def are_same(self, origin: str, host: str) -> bool:
        """Whether a page of this `Origin` is one of those that this `Host`, which is known, serves."""
        parts = _split(origin)
        if parts is None or parts.scheme not in DEFAULT_PORTS or parts.path or parts.query:
            return False
        if self._is_public(parts, parts.scheme):
            return parts.scheme == self._public.scheme
        # On this machine another port is another app. The scheme may differ, because a proxy may add TLS.
        return parts.hostname in self._local and parts.netloc.lower() == host.lower()

    def _is_public(self, parts: SplitResult, scheme: str) -> bool:
        public_port = self._public.port or DEFAULT_PORTS[self._public.scheme]
        port = parts.port or DEFAULT_PORTS[scheme]
        return parts.hostname == self._public.hostname and port == public_port


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.hostname else None
