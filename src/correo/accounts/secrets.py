"""Keep on disk what must come back in clear: the APOP secret, encrypted with the node's key.

APOP (RFC 1939 7) hashes a challenge in front of the secret, so that no one-way form of the secret
will do; that is why an account has to opt in. AES-256-GCM, bound to the account's id: a sealed
secret moved to another row does not open.
"""

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from correo.base.errors import DamagedStore
from correo.store.model import AccountId

__all__ = ["seal", "subkey", "unseal"]

NONCE_SIZE = 12  # octets, the size GCM is made for (NIST SP 800-38D 5.2.1.1)
FORMAT = b"\x01"


def subkey(node_key: bytes, purpose: str) -> bytes:
    """A key for one purpose, derived from the node's."""
    return hmac.digest(node_key, purpose.encode(), hashlib.sha256)


def seal(node_key: bytes, account: AccountId, text: str) -> bytes:
    nonce = secrets.token_bytes(NONCE_SIZE)
    cipher = AESGCM(subkey(node_key, "apop"))
    return FORMAT + nonce + cipher.encrypt(nonce, text.encode(), account.encode())


def unseal(node_key: bytes, account: AccountId, sealed: bytes) -> str:
    """Raises DamagedStore if it was sealed with another key or for another account."""
    nonce, octets = sealed[1 : 1 + NONCE_SIZE], sealed[1 + NONCE_SIZE :]
    try:
        return AESGCM(subkey(node_key, "apop")).decrypt(nonce, octets, account.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise DamagedStore(
            "an APOP secret does not open with this node.key: set it anew"
        ) from error
