"""A passkey made of nothing but keys: what a browser and its authenticator would answer, right or wrong as asked."""

import hashlib
import secrets
import struct
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    """One key, in one place. `verifies`: it asks its owner's finger first."""

    def __init__(self, origin: str = "https://duty.example.org", *, verifies: bool = True) -> None:
        self.origin, self.host = origin, origin.removeprefix("https://").split(":")[0]
        self.flags = PRESENT | (VERIFIED if verifies else 0)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.count = 0

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """`navigator.credentials.create`, as `toJSON()` gives it."""
        public = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")}
        made = bytes(16) + struct.pack(">H", len(self.id)) + self.id + encode_cbor(cose)
        data = self._data(self.flags | ATTESTED) + made
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        name = bytes_to_base64url(self.id)
        response = {"clientDataJSON": bytes_to_base64url(client), "attestationObject": bytes_to_base64url(attestation)}
        return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}

    def sign(self, options: dict[str, Any]) -> dict[str, str]:
        """`navigator.credentials.get`, as our API takes it."""
        self.count += 1
        data, client = self._data(self.flags), self._client("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return {
            "id": bytes_to_base64url(self.id),
            "client_data": bytes_to_base64url(client),
            "authenticator_data": bytes_to_base64url(data),
            "signature": bytes_to_base64url(signature),
        }

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return msgspec.json.encode(said)


def flipped(packed: str, at: int = -1) -> str:
    """The same with one bit the other way."""
    raw = bytearray(base64url_to_bytes(packed))
    raw[at] ^= 1
    return bytes_to_base64url(bytes(raw))
