"""Whom passkeys are for: the host of the web admin, and the origin at which browsers use them."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from core_service.identity.errors import Forbidden


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The web admin, as browsers and passkeys know it."""

    id: str
    """Its host. A passkey works for the host that it was made for and for no other."""
    origin: str
    because: str
    """Why browsers make no passkeys for this address, as a sentence. Empty if they do."""

    @classmethod
    def of(cls, admin_url: str) -> "RelyingParty":
        """The relying party of the web admin at this URL."""
        url = urlsplit(admin_url.rstrip("/"))
        host = (url.hostname or "").lower()
        # Browsers leave out the port that the scheme has anyway, and write the host in lower case.
        usual = {"https": 443, "http": 80}.get(url.scheme)
        port = f":{url.port}" if url.port not in (None, usual) else ""
        origin = f"{url.scheme}://{f'[{host}]' if ':' in host else host}{port}"
        return cls(host, origin, _problem(url.scheme, host, origin))

    def require_usable(self) -> None:
        """Raises Forbidden if browsers make no passkeys for this address."""
        if self.because:
            raise Forbidden(self.because)


def _problem(scheme: str, host: str, origin: str) -> str:
    is_local = host == "localhost" or host.endswith(".localhost")
    if _is_address(host):
        return (
            f"Passkeys need a name, and this server's address, {origin}, has only numbers. They work at "
            "http://localhost and at https:// with a name; SMITH_ADMIN_URL says which address it is."
        )
    if scheme != "https" and not is_local:
        return (
            f"Passkeys need https, and this server's address is {origin}. Once it has a certificate, SMITH_ADMIN_URL "
            "says so."
        )
    return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
