"""The simulator's own certificate authority, server certificate and provider key, made once and kept."""

import datetime
import fcntl
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from simulator.files import replace_file

KEY_ID = "SIMULATOR1"
"""Id (`kid`) of the provider key that the simulated APNs knows."""
TEAM_ID = "SIMULATED1"
"""Team (`iss`) that the key belongs to."""
BUNDLE_ID = "com.activitysmith.simulator"
"""The simulated app; its topics are this id and this id with Apple's suffixes."""

LOCAL = "localhost"
LIFETIME = datetime.timedelta(days=3650)


@dataclass(frozen=True)
class Credentials:
    """The paths of the files. A sender needs `ca` to trust the simulator and `provider_key` to sign."""

    folder: Path

    @property
    def ca(self) -> Path:
        """The certificate authority (PEM). Its private key is deleted after signing."""
        return self.folder / "ca.pem"

    @property
    def server_certificate(self) -> Path:
        """The server's certificate (PEM) for `localhost`, 127.0.0.1, ::1 and one more name, if there is one."""
        return self.folder / "server.pem"

    @property
    def server_key(self) -> Path:
        """The server's private key (PEM, readable by the owner only)."""
        return self.folder / "server.key"

    @property
    def provider_key(self) -> Path:
        """The provider key (P-256, PKCS#8 PEM as Apple hands it out, readable by the owner only)."""
        return self.folder / "AuthKey.p8"

    def public_provider_key(self) -> ec.EllipticCurvePublicKey:
        """The public part of the provider key. Raises ValueError if the file is not a P-256 key."""
        key = serialization.load_pem_private_key(self.provider_key.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ValueError(f"{self.provider_key} is not a P-256 private key")
        return key.public_key()

    def tls_context(self, *protocols: str) -> ssl.SSLContext:
        """TLS as APNs offers it, 1.2 or later, with these protocols by ALPN. Raises OSError for unusable files."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.server_certificate, self.server_key)
        if protocols:
            context.set_alpn_protocols(protocols)
        return context


def ensure(folder: Path, name: str = LOCAL) -> Credentials:
    """Makes the missing files under `folder` and keeps the others. A certificate without `name` counts as missing.
    Safe to call from several processes at once.

    Raises OSError if the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    credentials = Credentials(folder)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        tls = (credentials.ca, credentials.server_certificate, credentials.server_key)
        if not all(path.exists() for path in tls) or name not in _names(credentials.server_certificate):
            _make_tls(credentials, name)
        if not credentials.provider_key.exists():
            replace_file(credentials.provider_key, _private_pem(ec.generate_private_key(ec.SECP256R1())))
    return credentials


def _names(certificate: Path) -> list[str]:
    loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
    extension = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return extension.value.get_values_for_type(x509.DNSName)


def _make_tls(credentials: Credentials, server_name: str) -> None:
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ActivitySmith simulator CA")])
    ca = (
        _builder(ca_name, ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(sign_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names: list[x509.GeneralName] = [x509.DNSName(one) for one in dict.fromkeys((LOCAL, server_name))]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", "::1")]
    certificate = (
        _builder(name, ca_name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(sign_certificates=False), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    replace_file(credentials.server_key, _private_pem(key))
    replace_file(credentials.server_certificate, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)
    replace_file(credentials.ca, ca.public_bytes(serialization.Encoding.PEM), mode=0o644)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # A day of slack for machines whose clocks disagree.
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + LIFETIME)
    )


def _key_usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
