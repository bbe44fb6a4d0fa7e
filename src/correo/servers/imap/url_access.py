"""Authorize URLs into an account's mailboxes, and find out what an authorized one opens.

GENURLAUTH, URLFETCH and, from submission, BURL ask. A token is an HMAC of the URL under the key of
its mailbox; so whoever has the URL may read what it names, and nothing else, until it expires or
the key is replaced.

RFC 4467    2.4.1, 5, 6   INTERNAL; generating and validating; 10 timing of what is not there
RFC 5092    6.1      access identifiers, EXPIRE

Departures: the host in an URL is not compared with our names, of which we do not know all: a token
of ours says that we were meant.

Cost: four thread hops, and a hash.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from correo.base.blobs import Chunk
from correo.base.clock import Clock
from correo.base.errors import NotFound, Refusal
from correo.message.structure import Structure
from correo.servers.imap.urls import chunk_of, mailbox_of, message_of
from correo.store.api import AccountStore, Store
from correo.store.directory import Account
from correo.store.model import AccountId, Mailbox, Octets
from correo.wire.imap.url import Access, Authorization, BadUrl, MessageUrl, parse_url

__all__ = ["INTERNAL", "KEY_SIZE", "Logins", "Opened", "UnauthorizedUrl", "UrlAccess"]

INTERNAL = "INTERNAL"
KEY_SIZE = 32  # octets; RFC 4467 10 asks for 16
ALGORITHM = b"01"  # HMAC-SHA-256; the first octet of a token, so that another can come one day


class UnauthorizedUrl(BadUrl):
    """Its token is wrong or has expired, or it is meant for somebody else."""

    def __init__(self) -> None:
        super().__init__("the URL is not authorized for this use")
        self.status = "5.7.0"


class Logins(Protocol):
    """Knows whose a user name is; `accounts.authenticator` does."""

    async def account_for_login(self, login: str) -> Account | None: ...


@dataclass(frozen=True, slots=True)
class Opened:
    """An URL that may be used, and the mailbox it leads to."""

    url: MessageUrl
    account: AccountStore
    mailbox: Mailbox

    async def chunk(self) -> Chunk:
        """The octets it names. Raises BadUrl."""
        return await chunk_of(self.account, self.mailbox, self.url)

    async def message(self) -> tuple[Structure, Octets]:
        """The whole message that it names, or of which it names a part. Raises BadUrl."""
        return await message_of(self.account, self.mailbox.id, self.url)


class UrlAccess:
    """One per process."""

    def __init__(self, store: Store, logins: Logins, clock: Clock) -> None:
        self._store = store
        self._logins = logins
        self._clock = clock

    async def authorize(self, owner: AccountStore, rump: bytes) -> bytes:
        """The URL with a token, of a mailbox of this account; the key is made if there is none.

        Raises:
            BadUrl: it is not complete, is authorized already, or leads to no mailbox of the
                account's own.
        """
        url = parse_url(rump)
        wanted = url.authorization
        if wanted is None or wanted.mechanism:
            raise BadUrl("the URL has to end with an access identifier")
        if not rump[:7].lower() == b"imap://" or url.user is None:
            raise BadUrl("the URL has to begin with imap:// and its owner's name")
        account = await self._logins.account_for_login(url.user)
        if account is None or account.id != owner.account_id:
            raise BadUrl("the URL is about somebody else's mailboxes")
        mailbox = await mailbox_of(owner, url)
        key = secrets.token_bytes(KEY_SIZE)
        key = await owner.set_access_key(mailbox.id, key, replace=False)
        return b"%b:%b:%b" % (rump, INTERNAL.lower().encode("ascii"), token_of(key, rump))

    async def open(
        self, octets: bytes, reader: AccountId, *, is_submission: bool = False
    ) -> Opened:
        """Find out whether this reader may use an URL.

        Args:
            is_submission: the reader submits a message, and what the URL names goes into it.

        Raises:
            BadUrl: it names no message.
            UnauthorizedUrl
        """
        url = parse_url(octets)
        granted = url.authorization
        if granted is None or granted.mechanism != INTERNAL or url.user is None:
            raise UnauthorizedUrl
        account, mailbox, key = await self._place_of(url)
        is_right = hmac.compare_digest(token_of(key, granted.rump), granted.token)
        if account is None or mailbox is None or not is_right:
            raise UnauthorizedUrl
        if granted.expires is not None and self._clock.now() > granted.expires:
            raise UnauthorizedUrl
        if not await self._is_for(granted, reader, is_submission=is_submission):
            raise UnauthorizedUrl
        return Opened(url, account, mailbox)

    async def submitted(self, url: bytes, login: str, own_hosts: Collection[str]) -> Chunk:
        """What an URL names, for a message that this user submits (RFC 4468).

        Raises:
            Refusal: 5.6.6, 5.7.0, 5.7.8; see `servers.smtp.urls`.
        """
        try:
            reader = await self._logins.account_for_login(login)
            if reader is None:
                raise UnauthorizedUrl
            opened = await self.open(url, reader.id, is_submission=True)
            return await opened.chunk()
        except UnauthorizedUrl as refusal:
            if parse_url(url).host not in (None, *own_hosts):
                raise Refusal("5.7.8", "that IMAP server is not trusted", reply=554) from None
            raise Refusal(refusal.status, refusal.text, reply=554) from None
        except BadUrl as bad:
            raise Refusal(bad.status, bad.text, reply=554) from None

    async def _place_of(self, url: MessageUrl) -> tuple[AccountStore | None, Mailbox | None, bytes]:
        """Where an URL leads, and the key of it; a key that nobody has if it leads nowhere."""
        assert url.user is not None
        try:
            owner = await self._logins.account_for_login(url.user)
            if owner is not None and owner.enabled and url.mailbox is not None:
                account = await self._store.open(owner.id)
                mailbox = await mailbox_of(account, url)
                key = await account.access_key(mailbox.id)
                if key is not None:
                    return account, mailbox, key
        except (NotFound, BadUrl):
            pass
        return None, None, secrets.token_bytes(KEY_SIZE)

    async def _is_for(
        self, granted: Authorization, reader: AccountId, *, is_submission: bool
    ) -> bool:
        if granted.access in (Access.AUTHUSER, Access.ANONYMOUS):
            return True
        if is_submission != (granted.access is Access.SUBMIT):
            return False
        meant = await self._logins.account_for_login(granted.user)
        return meant is not None and meant.id == reader


def token_of(key: bytes, rump: bytes) -> bytes:
    """Hexadecimal; RFC 4467 2.4.1 asks for something in it that tells the algorithm."""
    return ALGORITHM + hmac.digest(key, rump, hashlib.sha256).hex().encode("ascii")
