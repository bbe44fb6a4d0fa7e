"""SCRAM: both sides prove that they know the password, and it never crosses the wire.

RFC 5802    SCRAM-SHA-1 and the messages; 3 the algorithm, 5 and 7 the syntax, 6 channel binding
RFC 7677    SCRAM-SHA-256
RFC 5929    4 tls-server-end-point, the only binding Python's TLS offers for TLS 1.3

The iteration counts a client accepts are bounded, so that a hostile server can neither have the
password cheaply (RFC 7677 4: at least 4096) nor keep us hashing for minutes.

Cost: none worth a word on the server; a client spends PBKDF2, about 1 ms per 2,000 iterations.
"""

import base64
import binascii
import hashlib
import hmac
import re

from correo.wire.sasl.mechanism import (
    Challenge,
    ChannelBinding,
    Failure,
    KeysWanted,
    MechanismError,
    Outcome,
    ScramKeys,
    Success,
)
from correo.wire.sasl.saslprep import saslprep

__all__ = ["HASHES", "ScramClient", "ScramServer", "make_scram_keys"]

HASHES = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256"}
LEAST_ITERATIONS = 4096  # RFC 5802 5.1
MOST_ITERATIONS = 1_000_000  # ours: half a second of PBKDF2

# gs2-header = gs2-cbind-flag "," [authzid] ","        gs2-cbind-flag = "p=" cb-name / "n" / "y"
# client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
CLIENT_FIRST = re.compile(
    rb"(?P<header>(?P<flag>p=[A-Za-z0-9.-]+|n|y),(?:a=(?P<authzid>[^,\0]+))?,)"
    rb"(?P<bare>n=(?P<username>[^,\0]+),r=(?P<nonce>[\x21-\x2b\x2d-\x7e]+)(?:,[A-Za-z]=[^,\0]+)*)"
)
# client-final-message = channel-binding "," nonce ["," extensions] "," proof
CLIENT_FINAL = re.compile(
    rb"(?P<unsigned>c=(?P<binding>[A-Za-z0-9+/=]+),r=(?P<nonce>[\x21-\x2b\x2d-\x7e]+)"
    rb"(?:,[A-Za-z]=[^,\0]+)*?),p=(?P<proof>[A-Za-z0-9+/=]+)"
)
# server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]
SERVER_FIRST = re.compile(
    rb"r=(?P<nonce>[\x21-\x2b\x2d-\x7e]+),s=(?P<salt>[A-Za-z0-9+/=]+),"
    rb"i=(?P<iterations>[1-9][0-9]{0,8})(?:,[A-Za-z]=[^,\0]+)*"
)


def make_scram_keys(password: str, salt: bytes, iterations: int, hash_name: str) -> ScramKeys:
    """The keys of a password (RFC 5802 3).

    Args:
        hash_name: "sha1" or "sha256".

    Blocks for the PBKDF2: keep it off the event loop.
    """
    salted = salted_password(password, salt, iterations, hash_name)
    client_key = hmac.digest(salted, b"Client Key", hash_name)
    return ScramKeys(
        salt=salt,
        iterations=iterations,
        stored_key=hashlib.new(hash_name, client_key).digest(),
        server_key=hmac.digest(salted, b"Server Key", hash_name),
    )


def salted_password(password: str, salt: bytes, iterations: int, hash_name: str) -> bytes:
    return hashlib.pbkdf2_hmac(hash_name, saslprep(password).encode(), salt, iterations)


def xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def decode_name(octets: bytes) -> str:
    """saslname: "=2C" is a comma, "=3D" an equals sign, other "=" are errors (RFC 5802 5.1)."""
    if b"=" in octets.replace(b"=2C", b"").replace(b"=3D", b""):
        raise ValueError("a stray equals sign in a name")
    return saslprep(octets.replace(b"=2C", b",").replace(b"=3D", b"=").decode("utf-8"))


def encode_name(text: str) -> str:
    return saslprep(text).replace("=", "=3D").replace(",", "=2C")


class ScramServer:
    """One exchange.

    Args:
        name: "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS" and so on.
        channel_binding: what this connection could be bound to; also given to the mechanisms
            without -PLUS, which need it to see a downgrade (RFC 5802 6).
    """

    def __init__(self, name: str, channel_binding: ChannelBinding | None) -> None:
        self.name = name
        self._is_plus = name.endswith("-PLUS")
        self._hash = HASHES[name.removesuffix("-PLUS")]
        self._channel_binding = channel_binding
        self._header = b""
        self._client_bare = b""
        self._server_first = b""
        self._client_nonce = b""
        self._nonce = b""
        self._authcid = self._authzid = ""
        self._keys: ScramKeys | None = None

    def step(self, response: bytes | None) -> Outcome:
        if response is None:
            return Challenge(b"")
        try:
            if not self._header:
                return self._first(response)
            return self._final(response)
        except ValueError as error:  # not UTF-8, not base64, or a forbidden character
            return Failure(str(error))

    def provide_keys(self, keys: ScramKeys | None, nonce: str) -> Outcome:
        if keys is None:
            return Failure("the account has no SCRAM keys")
        self._keys = keys
        self._nonce = self._client_nonce + nonce.encode("ascii")
        salt = base64.b64encode(keys.salt)
        self._server_first = b"r=%b,s=%b,i=%d" % (self._nonce, salt, keys.iterations)
        return Challenge(self._server_first)

    def password_result(self, *, ok: bool) -> Outcome:
        return Failure("SCRAM sees no password")

    def _first(self, response: bytes) -> Outcome:
        match = CLIENT_FIRST.fullmatch(response)
        if match is None:
            return Failure("not a SCRAM client-first-message")
        reason = self._objection_to(match["flag"])
        if reason:
            return Failure(reason)
        self._authcid = decode_name(match["username"])
        self._authzid = decode_name(match["authzid"]) if match["authzid"] else ""
        self._header, self._client_bare = match["header"], match["bare"]
        self._client_nonce = match["nonce"]
        return KeysWanted(self._authcid, self._hash)

    def _objection_to(self, flag: bytes) -> str:
        """Why this gs2-cbind-flag cannot be, "" if it can (RFC 5802 6)."""
        if flag.startswith(b"p="):
            if not self._is_plus:
                return "channel binding with a mechanism that has none"
            assert self._channel_binding is not None
            if flag[2:].decode() != self._channel_binding[0]:
                return "an unknown kind of channel binding"
        elif self._is_plus:
            return "no channel binding with a -PLUS mechanism"
        elif flag == b"y" and self._channel_binding is not None:
            return "the client believes we cannot bind channels: somebody changed our offer"
        return ""

    def _final(self, response: bytes) -> Outcome:
        match = CLIENT_FINAL.fullmatch(response)
        if match is None or self._keys is None:
            return Failure("not a SCRAM client-final-message")
        binding = self._header
        if self._is_plus and self._channel_binding is not None:
            binding += self._channel_binding[1]
        if base64.b64decode(match["binding"], validate=True) != binding:
            return Failure("the channel binding is another connection's")
        if match["nonce"] != self._nonce:
            return Failure("the nonce is not ours")
        message = b",".join((self._client_bare, self._server_first, match["unsigned"]))
        if not self._is_proof(base64.b64decode(match["proof"], validate=True), message):
            return Failure("wrong password")
        signature = hmac.digest(self._keys.server_key, message, self._hash)
        final = b"v=" + base64.b64encode(signature)
        return Success(self._authcid, self._authzid, final)

    def _is_proof(self, proof: bytes, message: bytes) -> bool:
        assert self._keys is not None
        signature = hmac.digest(self._keys.stored_key, message, self._hash)
        if len(proof) != len(signature):
            return False
        client_key = xor(proof, signature)
        stored_key = hashlib.new(self._hash, client_key).digest()
        return hmac.compare_digest(stored_key, self._keys.stored_key)


class ScramClient:
    """One exchange; the server has to prove itself before `is_complete` is true.

    Args:
        nonce: printable, without comma, fresh and random.
        channel_binding: what this connection can be bound to, None without TLS.
        plus_was_offered: whether the server named the -PLUS variant; if not, and we could
            bind, we say so ("y"), and a server that did offer it notices.
    """

    def __init__(
        self,
        name: str,
        username: str,
        password: str,
        *,
        nonce: str,
        authzid: str = "",
        channel_binding: ChannelBinding | None = None,
        plus_was_offered: bool = False,
    ) -> None:
        self.name = name
        self.is_complete = False
        self._hash = HASHES[name.removesuffix("-PLUS")]
        self._password = password
        self._nonce = nonce.encode("ascii")
        self._bare = b"n=%b,r=%b" % (encode_name(username).encode(), self._nonce)
        self._binding = b""
        flag = "n"
        if name.endswith("-PLUS"):
            if channel_binding is None:
                raise ValueError("a -PLUS mechanism needs a channel binding")
            flag, self._binding = f"p={channel_binding[0]}", channel_binding[1]
        elif channel_binding is not None and not plus_was_offered:
            flag = "y"
        asked = f"a={encode_name(authzid)}" if authzid else ""
        self._header = f"{flag},{asked},".encode()
        self._server_signature: bytes | None = None

    def start(self) -> bytes | None:
        return self._header + self._bare

    def step(self, challenge: bytes) -> bytes:
        if self._server_signature is None:
            return self._prove(challenge)
        if self.is_complete:
            raise MechanismError("SCRAM has no further step")
        return self._verify(challenge)

    def _prove(self, server_first: bytes) -> bytes:
        match = SERVER_FIRST.fullmatch(server_first)
        if match is None:
            raise MechanismError("not a SCRAM server-first-message")
        if not match["nonce"].startswith(self._nonce) or match["nonce"] == self._nonce:
            raise MechanismError("the server did not add to our nonce")
        iterations = int(match["iterations"])
        if not LEAST_ITERATIONS <= iterations <= MOST_ITERATIONS:
            raise MechanismError(f"the server asks for {iterations} iterations")
        try:
            salt = base64.b64decode(match["salt"], validate=True)
        except binascii.Error as error:
            raise MechanismError("the server's salt is not base64") from error
        salted = salted_password(self._password, salt, iterations, self._hash)
        binding = base64.b64encode(self._header + self._binding)
        unsigned = b"c=%b,r=%b" % (binding, match["nonce"])
        message = b",".join((self._bare, server_first, unsigned))
        client_key = hmac.digest(salted, b"Client Key", self._hash)
        stored_key = hashlib.new(self._hash, client_key).digest()
        proof = xor(client_key, hmac.digest(stored_key, message, self._hash))
        server_key = hmac.digest(salted, b"Server Key", self._hash)
        self._server_signature = hmac.digest(server_key, message, self._hash)
        return unsigned + b",p=" + base64.b64encode(proof)

    def _verify(self, server_final: bytes) -> bytes:
        assert self._server_signature is not None
        if server_final.startswith(b"e="):
            raise MechanismError(f"the server says {server_final[2:80].decode('utf-8', 'replace')}")
        given = server_final.split(b",", 1)[0]
        expected = b"v=" + base64.b64encode(self._server_signature)
        if not hmac.compare_digest(given, expected):
            raise MechanismError("the server does not know the password: an impostor?")
        self.is_complete = True
        return b""
