"""How Versia 0.6 signs: one line of text, Ed25519, three headers.

One rule: what is signed is made of the request as it is on the wire, the path percent-encoded as it was sent.
Nothing in here knows a server.
"""

import base64
import hashlib
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

SIGNATURE = "Versia-Signature"
SIGNED_BY = "Versia-Signed-By"
SIGNED_AT = "Versia-Signed-At"

# How far the clocks of two servers may be apart, in seconds.
WINDOW = 300

# What stands before the 32 bytes of an Ed25519 key in SPKI DER.
SPKI = bytes.fromhex("302a300506032b6570032100")


class Unsigned(Exception):
    """Why a signature does not hold."""


class Key:
    """The one key of a domain."""

    def __init__(self, private=None):
        self.private = private or Ed25519PrivateKey.generate()

    @classmethod
    def of_pkcs8(cls, text):
        return cls(load_der_private_key(base64.b64decode(text), password=None))

    @property
    def public(self):
        """As metadata publish it: base64 of SPKI DER."""
        der = self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def sign(self, text):
        return base64.b64encode(self.private.sign(text.encode())).decode()


def text_to_sign(method, path, signed_at, body):
    """`path`: without host and query. `body` of a GET is empty; of the answer to a GET it is the answer's."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return f"{method.lower()} {path.split('?')[0]} {signed_at} {digest}"


def sign(key, domain, method, path, body=b"", signed_at=None):
    """The three headers."""
    signed_at = str(int(time.time())) if signed_at is None else str(signed_at)
    return {
        SIGNATURE: key.sign(text_to_sign(method, path, signed_at, body)),
        SIGNED_BY: domain,
        SIGNED_AT: signed_at,
    }


def public_key(text):
    """Reads the key of some metadata, in its one form."""
    der = base64.b64decode(text, validate=True)
    if len(der) != 44 or not der.startswith(SPKI):
        raise Unsigned(f"{text} is not SPKI DER of an Ed25519 key")
    key = load_der_public_key(der)
    if not isinstance(key, Ed25519PublicKey):
        raise Unsigned(f"{text} is not a key of Ed25519")
    return key


def is_signed(headers):
    return all(name in headers for name in (SIGNATURE, SIGNED_BY, SIGNED_AT))


def verify(public, headers, method, path, body, now=None):
    """Raises unless the headers sign this, now, with the key of this text."""
    for name in (SIGNATURE, SIGNED_BY, SIGNED_AT):
        if name not in headers:
            raise Unsigned(f"{name} is missing")
    signed_at = headers[SIGNED_AT]
    if not signed_at.isascii() or not signed_at.isdigit():
        raise Unsigned(f"{SIGNED_AT} is not in whole seconds: {signed_at}")
    if abs((time.time() if now is None else now) - int(signed_at)) > WINDOW:
        raise Unsigned(f"{SIGNED_AT} is not of now: {signed_at}")
    signature = base64.b64decode(headers[SIGNATURE], validate=True)
    if len(signature) != 64:
        raise Unsigned(f"{SIGNATURE} has {len(signature)} bytes, not 64")
    text = text_to_sign(method, path, signed_at, body)
    try:
        public_key(public).verify(signature, text.encode())
    except InvalidSignature:
        raise Unsigned(f"this is not what {headers[SIGNED_BY]} signed: {text}") from None
