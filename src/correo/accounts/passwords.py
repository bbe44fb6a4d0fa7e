"""Hash passwords and check them, away from the event loop.

A password is kept as an argon2id hash and as the keys of SCRAM-SHA-1 and -256, all made when it
is set. It is prepared first (RFC 4013), as SASL prepares what clients send.

RFC 9106    argon2id; the cost is OWASP's smallest (19 MiB, 2 passes, 1 lane): many of them at
            once must fit into memory
RFC 5802, 7677 SCRAM keys

Cost: 25 to 40 ms of CPU for a check, 10 more to set a password; at most `threads` run at once.
"""

import asyncio
import base64
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import argon2

from correo.base.errors import Refusal
from correo.base.memory import give_back
from correo.store.directory import Credentials, ScramVerifier
from correo.wire.sasl import ScramKeys, make_scram_keys, saslprep

__all__ = [
    "LONGEST_PASSWORD",
    "HashCost",
    "Passwords",
    "is_password_hash",
    "prepared",
    "verifier_of",
]

SALT_SIZE = 16  # octets (RFC 9106 3.1)
HASH_SIZE = 32  # octets
GIVE_BACK_S = 1.0  # after a first hash; ours, hashes come in bursts
LONGEST_PASSWORD = 1024  # characters; ours: nobody types more, and hashing more is work for us

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class HashCost:
    """How much work one guess shall be.

    scram_iterations: each SCRAM login costs the client this much PBKDF2 too.
    """

    memory_kib: int = 19 * 1024
    passes: int = 2
    scram_iterations: int = 10_000


class Passwords:
    """Hashes in threads of its own.

    Args:
        threads: hashes at once, and so memory: each takes `cost.memory_kib`.
    """

    def __init__(self, cost: HashCost | None = None, *, threads: int = 2) -> None:
        self.cost = cost or HashCost()
        self._hasher = argon2.PasswordHasher(
            time_cost=self.cost.passes,
            memory_cost=self.cost.memory_kib,
            parallelism=1,
            hash_len=HASH_SIZE,
            salt_len=SALT_SIZE,
        )
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._nobodys = nobodys_hash(self.cost)
        self._rest: asyncio.TimerHandle | None = None

    async def make(self, password: str) -> Credentials:
        """What to keep of a new password. Raises Refusal if it cannot be one."""
        text = prepared(password)
        return await self._in_thread(self._make, text)

    async def make_many(
        self, passwords: Sequence[str], *, done: Callable[[], None] | None = None
    ) -> list[Credentials]:
        """As make, in the order given; `done` is called after each."""
        texts = [prepared(password) for password in passwords]
        jobs = [self._in_thread(self._make, text) for text in texts]
        made = []
        for job in jobs:
            made.append(await job)
            if done is not None:
                done()
        return made

    async def scram_only(self, password: str, credentials: Credentials) -> Credentials:
        """The same credentials with SCRAM keys of this password, which was checked."""
        return await self._in_thread(self._with_scram, password, credentials)

    async def matches(self, password_hash: str, password: str) -> bool:
        """Whether a prepared password is the hashed one; "" never matches and takes as long."""
        return await self._in_thread(self._matches, password_hash or self._nobodys, password)

    def close(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _in_thread(self, work: Callable[..., T], *arguments: Any) -> "asyncio.Future[T]":
        """Hash in a thread; a moment later the memory that took goes back to the system."""
        loop = asyncio.get_running_loop()
        if self._rest is None:
            self._rest = loop.call_later(GIVE_BACK_S, self._give_back)
        return loop.run_in_executor(self._pool, work, *arguments)

    def _give_back(self) -> None:
        self._rest = None
        self._pool.submit(give_back)

    def _make(self, text: str) -> Credentials:
        return self._with_scram(text, Credentials(self._hasher.hash(text)))

    def _with_scram(self, text: str, credentials: Credentials) -> Credentials:
        one, two = (
            make_scram_keys(text, secrets.token_bytes(SALT_SIZE), self.cost.scram_iterations, name)
            for name in ("sha1", "sha256")
        )
        return Credentials(
            credentials.password_hash, verifier_of(one), verifier_of(two), credentials.apop_secret
        )

    def _matches(self, password_hash: str, text: str) -> bool:
        try:
            return self._hasher.verify(password_hash, text)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False


def prepared(password: str) -> str:
    """A password in the form that is hashed. Raises Refusal saying why it cannot be one."""
    if not password:
        raise Refusal("5.7.8", "the password is empty")
    if len(password) > LONGEST_PASSWORD:
        raise Refusal("5.7.8", f"the password is longer than {LONGEST_PASSWORD} characters")
    try:
        text = saslprep(password)
    except ValueError as error:
        raise Refusal("5.7.8", f"the password cannot be used: {error}") from error
    if not text:
        raise Refusal("5.7.8", "the password is empty")
    return text


def is_password_hash(text: str) -> bool:
    """Whether this is an argon2 hash that `matches` understands."""
    try:
        argon2.extract_parameters(text)
    except argon2.exceptions.InvalidHashError:
        return False
    return True


def nobodys_hash(cost: HashCost) -> str:
    """A hash of no password at all, as dear to check as a real one."""
    salt, octets = (base64_unpadded(secrets.token_bytes(n)) for n in (SALT_SIZE, HASH_SIZE))
    return f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p=1${salt}${octets}"


def base64_unpadded(octets: bytes) -> str:
    return base64.b64encode(octets).decode().rstrip("=")


def verifier_of(keys: ScramKeys) -> ScramVerifier:
    return ScramVerifier(keys.salt, keys.iterations, keys.stored_key, keys.server_key)
