"""Authentication between this installation's own processes: by a shared secret, by certificates, or both.

The delivery service has no other credentials: a stranger who reaches it could send pushes and call webhooks. And core
believes the client's address that the gateway reports. On loopback the machine keeps strangers out; elsewhere the
secret or the certificates do. Only with certificates are the connections encrypted.
"""

import hashlib
import hmac
import sys
from typing import Any

import grpc

from service_kit.addresses import is_loopback
from service_kit.errors import DomainError, Kind
from service_kit.peer_channel import MetadataChannel
from service_kit.settings import ServiceSettings
from service_kit.tls import Tls

METADATA_KEY = "x-smith-secret"


class NotAPeer(DomainError):
    """The call does not carry the secret that this installation's processes share."""

    kind, reason, error = Kind.UNAUTHENTICATED, "UNAUTHENTICATED", "Unauthorized"

    def __init__(self) -> None:
        super().__init__("This service answers the server's own processes only, by SMITH_INTERNAL_SECRET.")


class Peers:
    """The other processes of this installation. They are recognized by a secret, and by their certificates with TLS.
    Without both, every caller counts as one."""

    def __init__(self, secret: str | None = None, tls: Tls | None = None) -> None:
        self._secret = secret
        self.tls = tls

    @staticmethod
    def of(settings: ServiceSettings) -> "Peers":
        """The peers of these settings."""
        secret = settings.internal_secret
        return Peers(None if secret is None else secret.get_secret_value(), settings.tls)

    def known_to(self, channel: grpc.aio.Channel) -> grpc.aio.Channel:
        """A channel to another process that sends the secret with every call."""
        return MetadataChannel(channel, (METADATA_KEY, self._secret)) if self._secret else channel

    def metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        """What a call within the process carries instead: the secret, if there is one."""
        return ((METADATA_KEY, self._secret),) if self._secret else ()

    def server_credentials(self) -> grpc.ServerCredentials | None:
        """For servers that they call; None without TLS."""
        return self.tls.server_credentials() if self.tls else None

    def know(self, metadata: Any) -> bool:
        """Whether a call with this metadata comes from another process of ours. Without a secret every call does."""
        if self._secret is None:
            return True
        said = [value for key, value in metadata or () if key == METADATA_KEY]
        return len(said) == 1 and hmac.compare_digest(_digest(said[0]), _digest(self._secret))


def _digest(text: str | bytes) -> bytes:
    """A digest of fixed length, so that the time of a comparison does not reveal the secret's length."""
    return hashlib.sha256(text if isinstance(text, bytes) else text.encode()).digest()


def require_protection(settings: ServiceSettings, process: str) -> None:
    """Ends the process with one line and exit code 2 if strangers could reach it and it has neither secret nor TLS."""
    if settings.internal_secret is None and settings.tls is None and not is_loopback(settings.bind_host):
        print(
            f"{process}: SMITH_BIND_HOST={settings.bind_host} can be reached from other machines: set "
            "SMITH_INTERNAL_SECRET (32 characters or more, the same for every process), SMITH_INTERNAL_SECRET_FILE, or "
            "SMITH_TLS_CERT_FILE, SMITH_TLS_KEY_FILE and SMITH_TLS_CA_FILE",
            file=sys.stderr,
        )
        raise SystemExit(2)
