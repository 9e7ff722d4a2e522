"""Certificates for tests: an authority, and what it has signed."""

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True)
class Files:
    """What a process is told."""

    certificate: Path
    key: Path
    authority: Path

    @property
    def environment(self) -> dict[str, str]:
        """As variables."""
        names = ("SMITH_TLS_CERT_FILE", "SMITH_TLS_KEY_FILE", "SMITH_TLS_CA_FILE")
        return dict(zip(names, map(str, (self.certificate, self.key, self.authority)), strict=True))


def make(folder: Path, address: str = "127.0.0.1") -> Files:
    """A new authority in the folder, and a certificate for this address that serves servers and clients."""
    folder.mkdir(parents=True, exist_ok=True)
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    authority = _sign(issuer, issuer, authority_key, authority_key, x509.BasicConstraints(ca=True, path_length=0))
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "smith")])
    certificate = _sign(subject, issuer, key, authority_key, usage, names)
    files = Files(folder / "cert.pem", folder / "key.pem", folder / "ca.pem")
    files.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files.key.write_bytes(key.private_bytes(*plain))
    return files


def _sign(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    *extensions: x509.ExtensionType,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    return builder.sign(signer, hashes.SHA256())
