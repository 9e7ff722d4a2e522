"""TLS between our own processes. Both sides show a certificate of the same authority (mTLS)."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import grpc


@dataclass(frozen=True)
class Tls:
    """A process's certificate and key, and the authority that it trusts. All in PEM."""

    certificate: bytes
    key: bytes
    authority: bytes

    @staticmethod
    def read(certificate: Path, key: Path, authority: Path) -> "Tls":
        """Reads these files. Raises ValueError, which names the file and what is wrong with it."""
        try:
            # Checked now: with a bad file gRPC would report a failed handshake at every call.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_verify_locations(authority)
            # Otherwise OpenSSL would ask for the password of an encrypted key at the terminal.
            context.load_cert_chain(certificate, key, password=lambda: "")
        except OSError as error:  # ssl.SSLError is one
            raise ValueError(f"{certificate}, {key} and {authority} cannot be used together: {error}") from None
        return Tls(certificate.read_bytes(), key.read_bytes(), authority.read_bytes())

    def server_credentials(self) -> "grpc.ServerCredentials":
        """For servers: every caller must show a certificate."""
        # Settings have this class, and are read before anything is started.
        import grpc

        return grpc.ssl_server_credentials([(self.key, self.certificate)], self.authority, require_client_auth=True)

    def channel_credentials(self) -> "grpc.ChannelCredentials":
        """For channels: the server's certificate must have the name or address that is called."""
        import grpc

        return grpc.ssl_channel_credentials(self.authority, self.key, self.certificate)
