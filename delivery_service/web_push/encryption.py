"""Encrypts a push so that its browser alone can read it: RFC 8291 with aes128gcm (RFC 8188), in one record."""

import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from service_kit.web_push import Subscription

MAX_BODY_BYTES = 4096
"""What every push service takes (RFC 8030, section 7.2)."""
MAX_PAYLOAD_BYTES = MAX_BODY_BYTES - 86 - 16 - 1
"""3993: less the header, the tag, and the byte that ends the text."""

RECORD_SIZE = MAX_BODY_BYTES.to_bytes(4, "big")
LAST_RECORD = b"\x02"


def encrypt(
    payload: bytes,
    subscription: Subscription,
    *,
    salt: bytes | None = None,
    key: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The body of the request: header and ciphertext. `salt` (16 bytes) and `key` are new ones for each push unless
    given."""
    salt = salt or os.urandom(16)
    key = key or ec.generate_private_key(ec.SECP256R1())
    ours = point_of(key)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), subscription.p256dh)
    shared = key.exchange(ec.ECDH(), theirs)
    secret = _derive(subscription.auth, shared, b"WebPush: info\0" + subscription.p256dh + ours, 32)
    content_key = _derive(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(salt, secret, b"Content-Encoding: nonce\0", 12)
    head = salt + RECORD_SIZE + bytes([len(ours)]) + ours
    return head + AESGCM(content_key).encrypt(nonce, payload + LAST_RECORD, None)


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public key of a key: the uncompressed point, 65 bytes."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derive(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    """HKDF (RFC 5869) for at most 32 bytes: expanding takes one round."""
    return _hmac(_hmac(salt, secret), info + b"\x01")[:length]


def _hmac(key: bytes, data: bytes) -> bytes:
    mac = HMAC(key, SHA256())
    mac.update(data)
    return mac.finalize()
