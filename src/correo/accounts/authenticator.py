"""Find out whether somebody is who they say, by password, SCRAM or APOP.

Every server asks here, SASL through `accounts.sasl`. Somebody unknown is answered as late as
somebody with a wrong password, and in the same words. Hashing never blocks the event loop.

A login that was good a moment ago is not hashed again: an HMAC of name and password under a key
of this process is remembered for some minutes. It counts only while the account's row has the
same change counter, which is read each time: a password changed by any process counts at once.

RFC 4954    4, 6     the replies that the errors become: 535 5.7.8, 454 4.7.0
RFC 1939    7        APOP
RFC 5802    3        SCRAM; an unknown user gets keys that nobody can fulfil, the same each time

Cost: a remembered login 20 microseconds; another 30 to 50 ms of CPU in a thread.
"""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass

from correo.accounts.directory import Directory
from correo.accounts.passwords import LONGEST_PASSWORD, Passwords
from correo.accounts.secrets import subkey, unseal
from correo.accounts.throttle import Attempt, LoginThrottle
from correo.base.clock import Clock
from correo.base.errors import AuthenticationFailed
from correo.store.directory import Account, Credentials, DirectoryStore, ScramVerifier
from correo.store.model import AccountId
from correo.wire.sasl import ScramKeys, saslprep

__all__ = ["Authenticator", "ScramLogin"]

REMEMBERED_S = 300.0  # ours; Dovecot's auth cache keeps an hour
REMEMBERED = 20_000  # logins, 6 MiB
FAKE_SALT_SIZE = 16  # octets, as real ones have


@dataclass(slots=True)
class ScramLogin:
    """A SCRAM exchange under way: the keys to give it, and whom it would let in."""

    keys: ScramKeys
    account: Account | None
    attempt: Attempt


class Authenticator:
    """One per process.

    Args:
        passwords: where hashing is done; closed by whoever made it.
    """

    def __init__(self, store: DirectoryStore, clock: Clock, passwords: Passwords) -> None:
        self._store = store
        self._clock = clock
        self._passwords = passwords
        self._directory = Directory(store)
        self._throttle = LoginThrottle(clock)
        self._remembered = RememberedLogins(clock)

    async def check_password(self, login: str, password: str, peer_address: str) -> Account:
        """Who logs in with this name and password.

        Args:
            login: a full address, or a local part if there is one domain; any spelling.
            peer_address: where the peer is, "" for a Unix socket.

        Raises:
            AuthenticationFailed: name or password is wrong, or the account is disabled.
            Refusal: too many failures before (4.7.0).
        """
        name, text = prepared_or_empty(login), prepared_or_empty(password)
        key = await self._directory.login_key(name) if name else None
        account = await self._store.entry(key) if key is not None else None
        if isinstance(account, Account) and account.enabled:
            if self._remembered.knows(account, text):
                return account
        found = await self._store.credentials(key) if key is not None else None
        attempt = self._throttle.begin(peer_address, key or name)
        account = await self._verified(found, text)
        if account is None:
            await self._fail(attempt)
            raise AuthenticationFailed
        attempt.succeeded()
        return account

    async def begin_scram(self, username: str, hash_name: str, peer_address: str) -> ScramLogin:
        """Keys for a SCRAM exchange; finish it with `end_scram`.

        Args:
            hash_name: "sha1" or "sha256".

        Raises:
            Refusal: too many failures before (4.7.0).
        """
        key = await self._directory.login_key(username)
        found = await self._store.credentials(key) if key is not None else None
        attempt = self._throttle.begin(peer_address, key or username)
        verifier = None
        if found is not None and found[0].enabled:
            verifier = found[1].scram_sha_1 if hash_name == "sha1" else found[1].scram_sha_256
        if found is None or verifier is None:
            return ScramLogin(self._fake_keys(key or username, hash_name), None, attempt)
        return ScramLogin(keys_of(verifier), found[0], attempt)

    async def end_scram(self, login: ScramLogin, *, ok: bool) -> Account:
        """Take the exchange's outcome. Raises AuthenticationFailed if it failed."""
        if not ok or login.account is None:
            await self._fail(login.attempt)
            raise AuthenticationFailed
        login.attempt.succeeded()
        return login.account

    async def check_apop(
        self, login: str, timestamp: str, digest: str, peer_address: str
    ) -> Account:
        """Who logs in with this APOP digest of our timestamp.

        Raises:
            AuthenticationFailed: it is wrong, or the account has not opted in.
            Refusal: too many failures before (4.7.0).
        """
        name = prepared_or_empty(login)
        key = await self._directory.login_key(name) if name else None
        found = await self._store.credentials(key) if key is not None else None
        attempt = self._throttle.begin(peer_address, key or name)
        secret = self._apop_secret(found)
        expected = hashlib.md5(f"{timestamp}{secret}".encode(), usedforsecurity=False).hexdigest()
        is_right = hmac.compare_digest(expected.encode(), digest.encode())
        if not secret or not is_right or found is None:
            await self._fail(attempt)
            raise AuthenticationFailed
        attempt.succeeded()
        return found[0]

    async def offers_apop(self) -> bool:
        """Whether a server should greet with a timestamp: somebody has opted in."""
        return await self._store.has_apop()

    async def account_for_login(self, login: str) -> Account | None:
        """The account of a login name, enabled or not."""
        return await self._directory.account_for_login(prepared_or_empty(login))

    # inside

    async def _verified(
        self, found: tuple[Account, Credentials] | None, text: str
    ) -> Account | None:
        """The account if the password is its own; as much work if it is nobody's."""
        account, credentials = found or (None, Credentials())
        matches = await self._passwords.matches(credentials.password_hash, text)
        if not matches or account is None or not account.enabled:
            return None
        if credentials.scram_sha_256 is None:  # it came with a hash only; now we know the rest
            completed = await self._passwords.scram_only(text, credentials)
            await self._store.set_credentials(account.id, completed)
        self._remembered.add(account, text)
        return account

    async def _fail(self, attempt: Attempt) -> None:
        if attempt.delay_s:
            await self._clock.sleep(attempt.delay_s)

    def _apop_secret(self, found: tuple[Account, Credentials] | None) -> str:
        if found is None or not found[0].enabled or not found[1].apop_secret:
            return ""
        return unseal(self._store.node_key(), found[0].id, found[1].apop_secret)

    def _fake_keys(self, name: str, hash_name: str) -> ScramKeys:
        node_key = self._store.node_key()
        salt = hmac.digest(subkey(node_key, f"salt {hash_name}"), name.encode(), hashlib.sha256)
        size = hashlib.new(hash_name).digest_size
        return ScramKeys(
            salt=salt[:FAKE_SALT_SIZE],
            iterations=self._passwords.cost.scram_iterations,
            stored_key=secrets.token_bytes(size),
            server_key=secrets.token_bytes(size),
        )


class RememberedLogins:
    """Passwords that were right a moment ago, as HMACs under a key nobody else has."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._until: OrderedDict[bytes, tuple[int, float]] = OrderedDict()

    def knows(self, account: Account, password: str) -> bool:
        version, until = self._until.get(self._name(account.id, password), (0, 0.0))
        return version == account.version and self._clock.monotonic() < until

    def add(self, account: Account, password: str) -> None:
        until = self._clock.monotonic() + REMEMBERED_S
        name = self._name(account.id, password)
        self._until[name] = (account.version, until)
        self._until.move_to_end(name)
        if len(self._until) > REMEMBERED:
            self._until.popitem(last=False)

    def _name(self, account: AccountId, password: str) -> bytes:
        octets = f"{account}\0{password}".encode()
        return hashlib.blake2b(octets, key=self._key, digest_size=16).digest()


def prepared_or_empty(text: str) -> str:
    """A name or password prepared (RFC 4013); "" for one that nobody can have."""
    if len(text) > LONGEST_PASSWORD:
        return ""
    try:
        return saslprep(text)
    except ValueError:
        return ""


def keys_of(verifier: ScramVerifier) -> ScramKeys:
    return ScramKeys(verifier.salt, verifier.iterations, verifier.stored_key, verifier.server_key)
