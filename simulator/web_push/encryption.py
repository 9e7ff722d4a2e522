"""What a browser decrypts with (RFC 8291): its keys, and the content encoding aes128gcm (RFC 8188)."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from simulator.web_push import base64url

SALT_BYTES, SECRET_BYTES, TAG_BYTES = 16, 16, 16
HEADER_BYTES = SALT_BYTES + 4 + 1
LAST_RECORD = 2
"""The delimiter that ends the text of the last record. RFC 8291 allows one record only."""


class Undecryptable(ValueError):
    """The message is not one for these keys."""


class Keys:
    """A subscription's private key and its secret."""

    def __init__(self, private: ec.EllipticCurvePrivateKey, secret: bytes) -> None:
        self._private = private
        self.secret = secret
        self.public = private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )

    @classmethod
    def fresh(cls) -> "Keys":
        """New ones."""
        return cls(ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(SECRET_BYTES))

    @classmethod
    def load(cls, text: str) -> "Keys":
        """Those that `dump` has written. Raises ValueError."""
        number, secret = text.split(" ")
        private = ec.derive_private_key(int.from_bytes(base64url.decode(number)), ec.SECP256R1())
        return cls(private, base64url.decode(secret))

    def dump(self) -> str:
        """The keys as text."""
        number = self._private.private_numbers().private_value.to_bytes(32)
        return f"{base64url.encode(number)} {base64url.encode(self.secret)}"

    def decrypt(self, body: bytes) -> bytes:
        """The text of a message. Raises Undecryptable."""
        salt, size, sender, sealed = _parts(body)
        if len(sealed) > size:
            raise Undecryptable("more than one record")
        try:
            theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        except ValueError:
            raise Undecryptable("the sender's key is not a point on P-256") from None
        shared = self._private.exchange(ec.ECDH(), theirs)
        secret = _derive(self.secret, shared, b"WebPush: info\x00" + self.public + sender, 32)
        key = _derive(salt, secret, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = _derive(salt, secret, b"Content-Encoding: nonce\x00", 12)
        try:
            padded = AESGCM(key).decrypt(nonce, sealed, None)
        except InvalidTag:
            raise Undecryptable("encrypted for another key") from None
        text = padded.rstrip(b"\x00")
        if not text or text[-1] != LAST_RECORD:
            raise Undecryptable("the record has no end")
        return text[:-1]


def _parts(body: bytes) -> tuple[bytes, int, bytes, bytes]:
    """Salt, record size, the sender's key, and what is encrypted."""
    if len(body) < HEADER_BYTES:
        raise Undecryptable("the header is cut off")
    salt, size, length = body[:SALT_BYTES], int.from_bytes(body[SALT_BYTES : SALT_BYTES + 4]), body[HEADER_BYTES - 1]
    sender, sealed = body[HEADER_BYTES : HEADER_BYTES + length], body[HEADER_BYTES + length :]
    if len(sealed) <= TAG_BYTES:
        raise Undecryptable("the record is cut off")
    return salt, size, sender, sealed


def _derive(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)
