"""Answer one IMAP client: hand each command to its file, and the outcome back to the engine.

What a command means stands in the file of its group; what a session remembers between commands
stands here. It lives as long as the connection and is what an idle connection costs, so it is
small and makes nothing before it is needed.

RFC 9051    3        the states are the engine's
            5.4      the time-out of an idle client

Cost: a few hundred octets at rest, engine and connection apart.
"""

from collections.abc import Coroutine
from typing import Any

from correo.accounts.sasl import LoggedIn, SaslLogin
from correo.base.errors import PeerError, Refusal, UsageError
from correo.mailbox.view import View
from correo.net.addresses import is_loopback
from correo.net.driver import Connection
from correo.servers.imap import capabilities, telling, uidonly
from correo.servers.imap.attention import Attention
from correo.servers.imap.filing import Filing
from correo.servers.imap.guests import Guest, answer_guest
from correo.servers.imap.places import Place, Places
from correo.servers.imap.progress import keep_telling
from correo.servers.imap.refusals import answer_to
from correo.servers.imap.services import Services
from correo.servers.imap.targets import Targets
from correo.store.api import AccountStore
from correo.store.model import FLAG_RIGHTS
from correo.store.rights import ALL
from correo.wire.imap import codes, responses
from correo.wire.imap.commands import (
    AppendComplete,
    AppendMessage,
    AppendUrl,
    Command,
    Expunge,
    Move,
)
from correo.wire.imap.server import Condition, ImapServerEngine
from correo.wire.sasl import offered_mechanisms

__all__ = ["ImapSession"]


class ImapSession:
    """One connection (a `net.driver.Session`)."""

    __slots__ = (
        "_account",
        "_is_examined",
        "_places",
        "_targets",
        "_view",
        "attention",
        "connection",
        "engine",
        "filing",
        "guest",
        "sasl",
        "services",
    )

    def __init__(self, connection: Connection, services: Services) -> None:
        self.connection = connection
        self.services = services
        self.engine = ImapServerEngine(services.settings.limits)
        self._account: AccountStore | None = None
        self._view: View | None = None
        self._places: Places | None = None
        self._targets: Targets | None = None
        self._is_examined = False
        self.guest: Guest | None = None  # the selected mailbox is somebody else's
        self.attention = Attention(self)
        self.sasl: SaslLogin | LoggedIn | None = None  # an AUTHENTICATE under way
        self.filing: Filing | None = None  # an APPEND under way

    # what the driver calls

    def connected(self, connection: Connection) -> Coroutine[Any, Any, None] | None:
        connection.set_idle_limit(self.services.settings.login_limit_s)
        self.offer_login()
        self.engine.greet("correo ready")
        return None

    def handle(self, event: Any) -> Coroutine[Any, Any, None] | None:
        services = self.services
        services.indexing.is_disturbed = True
        answer = services.handlers[type(event)]
        try:
            if uidonly.is_enabled(self.engine):
                uidonly.check_uids(event)
            if self.guest is None:
                waiting = answer(self, event)
            else:
                waiting = answer_guest(self, self.guest, event, answer)
        except Refusal as refusal:
            self.refuse(event, refusal)
            return None
        return None if waiting is None else self._work(event, waiting)

    async def _work(self, event: Any, waiting: Coroutine[Any, Any, None]) -> None:
        telling = keep_telling(self.connection, self.engine, event)
        try:
            await waiting
        except Refusal as refusal:
            self.refuse(event, refusal)
        finally:
            if telling is not None:
                telling.stop()

    def broken(self, error: PeerError) -> None:
        self.engine.bye(str(error))

    def timed_out(self) -> None:
        self.engine.bye("you have been silent for too long")

    def stopping(self) -> None:
        self.engine.bye("the server is going down", codes.UNAVAILABLE)

    def closed(self) -> None:
        self.leave_mailbox()
        self.attention.be_notified(None)
        if self._targets is not None:
            self._targets.close()
        self.abort_filing()

    # what commands use

    @property
    def account(self) -> AccountStore:
        """The mail of who has logged in."""
        if self._account is None:
            raise UsageError("nobody has logged in")
        return self._account

    @property
    def targets(self) -> Targets:
        """Where messages are filed by name."""
        if self._targets is None:
            self._targets = Targets(self.account, self.places)
        return self._targets

    @property
    def places(self) -> Places:
        """The mailboxes that who has logged in may know of."""
        if self._places is None:
            self._places = Places(self.account, self.services.sharing)
        return self._places

    @property
    def view(self) -> View:
        """The selected mailbox."""
        if self._view is None:
            raise UsageError("no mailbox is selected")
        return self._view

    @property
    def selected(self) -> View | None:
        return self._view

    @property
    def is_read_only(self) -> bool:
        """Opened with EXAMINE, or by a guest without any right to change something."""
        return self._is_examined or (self.guest is not None and not self.guest.may_write)

    @property
    def rights(self) -> str:
        """What the user may do with the selected mailbox (`store.rights`)."""
        return ALL if self.guest is None else self.guest.rights

    @property
    def flag_rights(self) -> str:
        """Which flags may be changed there now."""
        if self.is_read_only:
            return ""
        return FLAG_RIGHTS if self.guest is None else self.guest.flag_rights

    @property
    def may_send_password(self) -> bool:
        connection = self.connection
        return connection.is_tls or (
            self.services.settings.lets_loopback_log_in_plainly and is_loopback(connection.peer[0])
        )

    def offer_login(self) -> None:
        """Show a stranger what helps to log in on this connection as it is."""
        connection = self.connection
        offered = capabilities.before_login(
            starttls=connection.tls_context is not None and not connection.is_tls,
            login=self.may_send_password,
            mechanisms=offered_mechanisms(channel_binding=connection.channel_binding),
        )
        self.engine.set_capabilities(offered)

    def log_in(self, account: AccountStore) -> None:
        self._account = account
        settings = self.services.settings
        self.connection.set_idle_limit(settings.idle_limit_s)
        offered = capabilities.after_login(
            append_limit=settings.limits.append, message_limit=settings.messages_per_command
        )
        self.engine.set_capabilities(offered)

    def log_out(self) -> None:
        """As before the login (RFC 8437)."""
        self.leave_mailbox()
        self.attention.be_notified(None)
        if self._targets is not None:
            self._targets.close()
        self._targets = self._places = self._account = None
        self.connection.set_idle_limit(self.services.settings.login_limit_s)
        self.engine.forget_client()
        self.offer_login()

    def enter_mailbox(self, view: View, place: Place, *, read_only: bool) -> None:
        self._view = view
        self._is_examined = read_only
        if not place.is_own:
            self.guest = Guest(self, place)
        self.attention.attend()

    def leave_mailbox(self) -> None:
        """Let go of the selected mailbox, if there is one."""
        view, self._view = self._view, None
        guest, self.guest = self.guest, None
        if guest is not None:
            guest.close()
        if view is None:
            return
        self.attention.leave(view)
        self.services.mailboxes.release(view)

    def abort_filing(self) -> None:
        """Forget the messages of an APPEND under way."""
        if self.filing is not None:
            self.filing.abort()
            self.filing = None

    def enable_condstore(self) -> None:
        """A command that implies CONDSTORE was given (RFC 7162 3.1)."""
        if "CONDSTORE" in self.engine.enabled:
            return
        self.engine.enabled.add("CONDSTORE")
        if self._view is not None:
            code = codes.highest_modseq(self._view.told_modseq)
            self.engine.send_lines([responses.ok_line(code, "CONDSTORE enabled")])

    def refuse(self, command: Command, refusal: Refusal, code: bytes = b"") -> None:
        """The tagged answer to a command that was refused; of an APPEND, what has still to come
        is thrown away.

        Args:
            code: instead of the one that the refusal has.
        """
        condition, text, own_code = answer_to(refusal)
        code = code or own_code
        if self.engine.is_closed:
            return
        if isinstance(command, AppendMessage | AppendUrl):
            self.abort_filing()
            self.engine.refuse_append(text, code)
        else:
            self.engine.finish(command.tag, condition, text, code)

    async def conclude(
        self, command: Command, text: str, code: bytes = b"", *, expunges: bool = True
    ) -> None:
        """The tagged OK, after what the client has yet to hear of its mailbox."""
        code = await self._told(code, expunges=expunges, is_own=takes_away(command))
        if not self.engine.is_closed:
            self.engine.finish(command.tag, Condition.OK, text, code)

    async def conclude_refused(
        self, command: Command, refusal: Refusal, code: bytes = b"", *, expunges: bool = True
    ) -> None:
        """As `conclude`, with a NO, for a command of which a part was done."""
        condition, text, own_code = answer_to(refusal)
        code = await self._told(code or own_code, expunges=expunges)
        if not self.engine.is_closed:
            self.engine.finish(command.tag, condition, text, code)

    async def _told(self, code: bytes, *, expunges: bool, is_own: bool = False) -> bytes:
        """Tell the news; the code of the tagged answer, the command's own or HIGHESTMODSEQ."""
        modseq_code = await self.tell_news(expunges=expunges, is_own=is_own)
        if code and modseq_code:
            self.engine.send_lines([responses.ok_line(modseq_code, "what has been told")])
        return code or modseq_code

    async def tell_news(self, *, expunges: bool, is_own: bool = False) -> bytes:
        """Put what happened to the mailbox into the engine; see `telling`."""
        return await telling.tell_news(self, expunges=expunges, is_own=is_own)

    def woken(self) -> None:
        """Something happened in the selected mailbox."""
        telling.woken(self)


def takes_away(command: Command) -> bool:
    """Whether its answer must tell of messages that are gone, whatever the client wants told."""
    is_replace = isinstance(command, AppendComplete) and command.replaced is not None
    return is_replace or isinstance(command, Expunge | Move)
