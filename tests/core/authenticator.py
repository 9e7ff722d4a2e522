"""A passkey in software: it makes and signs what a browser would pass on (WebAuthn, level 3), with a key of its own."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One passkey, for the web admin at `origin`."""

    origin: str = "https://admin.test"
    counts: bool = True
    """Whether it says how often it has signed."""
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    signed: int = 0
    user_handle: bytes = b""

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def make(self, options_json: str, *, verified: bool = True) -> str:
        """The answer to options for `navigator.credentials.create`."""
        options = json.loads(options_json)
        self.user_handle = base64url_to_bytes(options["user"]["id"])
        numbers = self._key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(cose)
        data = self._data(options["rp"]["id"], verified=verified, more=ATTESTED) + attested
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(options["challenge"], "webauthn.create", attestationObject=made)

    def sign(self, options_json: str, *, verified: bool = True, origin: str | None = None) -> str:
        """The answer to options for `navigator.credentials.get`."""
        options = json.loads(options_json)
        self.signed += self.counts
        data = self._data(options["rpId"], verified=verified)
        client = self._client_data(options["challenge"], "webauthn.get", origin)
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._json(
            clientDataJSON=client, authenticatorData=data, signature=signature, userHandle=self.user_handle
        )

    def _data(self, rp_id: str, *, verified: bool, more: int = 0) -> bytes:
        flags = PRESENT | (VERIFIED if verified else 0) | more
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + self.signed.to_bytes(4, "big")

    def _client_data(self, challenge: str, kind: str, origin: str | None = None) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin or self.origin}).encode()

    def _answer(self, challenge: str, kind: str, **response: bytes) -> str:
        return self._json(clientDataJSON=self._client_data(challenge, kind), **response)

    def _json(self, **response: bytes) -> str:
        name = bytes_to_base64url(self.credential_id)
        said: dict[str, Any] = {part: bytes_to_base64url(value) for part, value in response.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": said})
