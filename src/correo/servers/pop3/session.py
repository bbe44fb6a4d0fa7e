"""One POP3 connection: let the user in, hand out the messages, delete at the end if asked to.

RFC 1939    4 to 6   the states; a session that ends without QUIT deletes nothing
RFC 2449    8.1.2    [IN-USE]
RFC 3206             [AUTH] for credentials, [SYS/TEMP] to try again, [SYS/PERM] for the postmaster
RFC 5034    4        SASL; data along with success goes out as one more challenge
RFC 6856    2.1      a header in UTF-8 goes only to those who said UTF8; see `surrogate`

Cost: a login good a moment ago 0.2 ms and the listing; RETR 15 microseconds and the octets.
"""

import logging
import secrets
from collections.abc import Coroutine
from typing import Any

from correo.accounts.authenticator import Authenticator
from correo.accounts.sasl import LoggedIn, SaslLogin
from correo.base.blobs import Blob
from correo.base.clock import Clock
from correo.base.errors import AuthenticationFailed, DamagedStore, PeerError, Refusal
from correo.mailbox.home import mail_of
from correo.net.addresses import is_loopback
from correo.net.driver import Connection
from correo.servers.pop3.maildrop import OpenMaildrop, open_maildrop
from correo.servers.pop3.settings import Pop3Settings
from correo.servers.pop3.surrogate import header_end, surrogate
from correo.store.api import Store
from correo.store.directory import Account
from correo.store.maildrop_lock import MaildropLock, MaildropLocks
from correo.store.model import AccountId, Column
from correo.trace.trouble import log_own_trouble
from correo.wire.pop3 import (
    CommandHeard,
    DeletionsDue,
    DigestGiven,
    Event,
    MechanismChosen,
    MessageWanted,
    Offer,
    PasswordGiven,
    Phrase,
    ResponseGiven,
    ServerEngine,
    TlsWanted,
)
from correo.wire.sasl import offered_mechanisms, server_mechanism

__all__ = ["Pop3Session"]

log = logging.getLogger("correo.pop3")

BLOB_STEP = 256 * 1024  # octets of a large message read at a time
TOKEN_SIZE = 12  # octets; the APOP timestamp is never the same twice


class Pop3Session:
    def __init__(
        self,
        connection: Connection,
        store: Store,
        authenticator: Authenticator,
        locks: MaildropLocks,
        settings: Pop3Settings,
        clock: Clock,
    ) -> None:
        self._connection = connection
        self._store = store
        self._authenticator = authenticator
        self._locks = locks
        self._settings = settings
        self._clock = clock
        self._sasl: SaslLogin | LoggedIn | None = None
        self._maildrop: OpenMaildrop | None = None
        self.engine = ServerEngine(
            settings.hostname, self._offer(), implementation=settings.implementation
        )

    # what the driver calls

    def connected(self, connection: Connection) -> Coroutine[Any, Any, None]:
        connection.set_idle_limit(self._settings.idle_limit_s)
        connection.set_deadline(self._settings.login_limit_s)
        return self._greet()

    def handle(self, event: Event) -> Coroutine[Any, Any, None] | None:
        if isinstance(event, MessageWanted):
            return self._message(event)
        if isinstance(event, PasswordGiven):
            return self._password(event)
        if isinstance(event, DigestGiven):
            return self._digest(event)
        if isinstance(event, MechanismChosen):
            return self._mechanism(event)
        if isinstance(event, ResponseGiven):
            return self._response(event)
        if isinstance(event, TlsWanted):
            return self._encrypt()
        if isinstance(event, CommandHeard):
            self.engine.obey()
            return None
        return self._update(event)

    def broken(self, error: PeerError) -> None:
        self.engine.turn_away(Phrase.LINE_TOO_LONG)

    def timed_out(self) -> None:
        """RFC 1939 3: close without a word, and delete nothing."""

    def stopping(self) -> None:
        self.engine.turn_away(Phrase.STOPPING)

    def closed(self) -> None:
        if self._maildrop is not None:
            self._maildrop.close()
            self._maildrop = None

    # AUTHORIZATION

    def _offer(self) -> Offer:
        """What may be used to log in: nothing that shows a password to the network."""
        connection = self._connection
        is_safe = connection.is_tls or (
            self._settings.lets_loopback_log_in_plainly and is_loopback(connection.peer[0])
        )
        mechanisms = offered_mechanisms(channel_binding=connection.channel_binding)
        return Offer(
            may_show_password=is_safe,
            mechanisms=mechanisms if is_safe else (),
            may_start_tls=connection.tls_context is not None and not connection.is_tls,
        )

    async def _greet(self) -> None:
        try:
            offers_apop = await self._authenticator.offers_apop()
        except Refusal as refusal:  # the directory cannot be read
            log_own_trouble(log, refusal)
            self.engine.turn_away(Phrase.TRY_LATER)
            return
        timestamp = ""
        if offers_apop:
            token = secrets.token_hex(TOKEN_SIZE)
            timestamp = f"<{token}.{int(self._clock.now())}@{self._settings.hostname}>"
        self.engine.greet(timestamp)

    async def _encrypt(self) -> None:
        self.engine.start_tls()
        await self._connection.start_tls()
        self.engine.tls_started(self._offer())

    async def _password(self, event: PasswordGiven) -> None:
        await self._log_in(
            self._authenticator.check_password(
                event.username, event.password, self._connection.peer[0]
            )
        )

    async def _digest(self, event: DigestGiven) -> None:
        await self._log_in(
            self._authenticator.check_apop(
                event.username, self.engine.timestamp, event.digest, self._connection.peer[0]
            )
        )

    async def _mechanism(self, event: MechanismChosen) -> None:
        mechanism = server_mechanism(
            event.mechanism, channel_binding=self._connection.channel_binding
        )
        assert mechanism is not None  # the engine lets only offered ones through
        self._sasl = SaslLogin(self._authenticator, mechanism, self._connection.peer[0])
        await self._step(event.response)

    async def _response(self, event: ResponseGiven) -> None:
        await self._step(event.octets)

    async def _step(self, response: bytes | None) -> None:
        """Go on with a SASL exchange; the last step may only carry the server's proof."""
        sasl, self._sasl = self._sasl, None
        assert sasl is not None
        if isinstance(sasl, LoggedIn):
            await self._enter(sasl.account)
            return
        try:
            outcome = await sasl.step(response)
        except Refusal as refusal:
            self._refuse_login(refusal)
            return
        if isinstance(outcome, LoggedIn) and not outcome.final:
            await self._enter(outcome.account)
            return
        self._sasl = outcome if isinstance(outcome, LoggedIn) else sasl
        self.engine.challenge(outcome.final if isinstance(outcome, LoggedIn) else outcome)

    async def _log_in(self, checking: Coroutine[Any, Any, Account]) -> None:
        try:
            account = await checking
        except Refusal as refusal:
            self._refuse_login(refusal)
            return
        await self._enter(account)

    async def _enter(self, account: Account) -> None:
        """Lock the maildrop and open it, or say why not."""
        try:
            lock = self._locks.acquire(account.id)
            if lock is None:
                self.engine.refuse_login(Phrase.IN_USE, code="IN-USE")
                return
            self._maildrop = await self._open(account.id, lock)
        except Refusal as refusal:
            self._refuse_login(refusal)
            return
        self._connection.set_deadline(None)
        self.engine.open_maildrop(self._maildrop.sizes, self._maildrop.unique_ids)

    async def _open(self, account: AccountId, lock: MaildropLock) -> OpenMaildrop:
        try:
            return await open_maildrop(await mail_of(self._store, account), lock)
        except BaseException:
            lock.release()
            raise

    def _refuse_login(self, refusal: Refusal) -> None:
        log_own_trouble(log, refusal)
        if isinstance(refusal, DamagedStore):
            self.engine.refuse_login(Phrase.DAMAGED, code="SYS/PERM")
        elif isinstance(refusal, AuthenticationFailed) or refusal.status == "5.7.8":
            self.engine.refuse_login(Phrase.NOT_LET_IN, code="AUTH")
        elif refusal.status == "4.7.0":
            self.engine.refuse_login(Phrase.SLOW_DOWN, code="SYS/TEMP")
        elif refusal.is_temporary:
            self.engine.refuse_login(Phrase.TRY_LATER, code="SYS/TEMP")
        else:
            self.engine.refuse_login(Phrase.DAMAGED, code="SYS/PERM")

    # TRANSACTION

    def _message(self, event: MessageWanted) -> Coroutine[Any, Any, None] | None:
        assert self._maildrop is not None
        column = Column.HEADER if event.lines == 0 else Column.OCTETS
        found = self._maildrop.take(event.number, column)
        if isinstance(found, bytes):
            self._send(found)
            return None
        if found is not None:
            return self._send_blob(found)
        return self._read(event.number, column)

    async def _read(self, number: int, column: Column) -> None:
        assert self._maildrop is not None
        await self._connection.drain()  # a batch goes out before the next one comes in
        try:
            found = await self._maildrop.read(
                number, column, is_one_of_many=self.engine.buffered > 0
            )
        except Refusal as refusal:
            self._refuse_message(refusal)
            return
        if isinstance(found, bytes):
            self._send(found)
        elif found is not None:
            await self._send_blob(found)
        else:
            self.engine.refuse_message(Phrase.GONE)

    def _send(self, octets: bytes) -> None:
        if not self.engine.is_utf8 and not octets.isascii():
            octets = surrogate(octets)
        self.engine.send_message(octets)

    async def _send_blob(self, blob: Blob) -> None:
        """A large message, piece by piece, no faster than the client reads."""
        try:
            piece = await blob.read(0, BLOB_STEP)
        except Refusal as refusal:
            self._refuse_message(refusal)
            return
        size, offset = blob.size, len(piece)
        if not self.engine.is_utf8 and not piece[: header_end(piece)].isascii():
            given = len(piece)
            piece = surrogate(piece)
            size += len(piece) - given
        self.engine.begin_message(size)
        try:
            while self.engine.send_piece(piece) and offset < blob.size:
                await self._connection.drain()
                piece = await blob.read(offset, BLOB_STEP)
                offset += len(piece)
                if not piece:
                    raise DamagedStore("a stored message is shorter than its index says")
        except Refusal as refusal:  # too late to say so: what was sent must not look whole
            log_own_trouble(log, refusal)
            raise ConnectionResetError(refusal.text) from refusal
        self.engine.end_message()

    def _refuse_message(self, refusal: Refusal) -> None:
        log_own_trouble(log, refusal)
        if isinstance(refusal, DamagedStore):
            self.engine.refuse_message(Phrase.DAMAGED, code="SYS/PERM")
        else:
            self.engine.refuse_message(Phrase.TRY_LATER, code="SYS/TEMP")

    # UPDATE

    async def _update(self, event: DeletionsDue) -> None:
        assert self._maildrop is not None
        is_done = True
        try:
            if event.numbers:
                await self._maildrop.remove(event.numbers)
        except Refusal as refusal:
            log_own_trouble(log, refusal)
            is_done = False
        self._maildrop.close()  # before the reply, so that the client may come back at once
        self.engine.finish(ok=is_done)
