"""The `mail` of a test: addresses and passwords, where the listeners are, and what has come.

    def test_signup(mail, client):
        client.post("/signup", data={"email": mail.address("zoe")})
        message = mail.wait_for(to="zoe", subject="Confirm")
        assert client.get(message.link("Confirm")).status_code == 200

The `mail` fixture (`plugin`), `MailTestCase` (`case`) and `serving` make one for each test. Every
method may be called from any thread; the server runs in one of its own. In a test that is itself a
coroutine, use `async_wait_for`, which lets the test's event loop go on.
"""

import asyncio
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from correo.message.address import Address, split_address
from correo.message.builder import Draft, build
from correo.testing.conversation import render
from correo.testing.faults import Faults
from correo.testing.household import Household, HouseholdOptions, password_of
from correo.testing.internet import Internet
from correo.testing.received import MailAssertionError, ReceivedMessage
from correo.testing.server import Endpoint, MailServer
from correo.testing.virtual_time import VirtualTime
from correo.testing.wanted import Wanted

__all__ = ["Mail", "NoSuchMessage", "serving"]

WAIT_S = 5.0  # by default; a message takes some milliseconds


class NoSuchMessage(MailAssertionError):
    """The message that a test waited for did not come; tells what came, and what was said."""


class Mail:
    """One test's mail. Made by the fixture, by `MailTestCase` or by `serving`."""

    def __init__(self, server: MailServer, options: HouseholdOptions | None = None) -> None:
        self._server = server
        self._options = options or HouseholdOptions()
        self._household: Household = server.open(self._options)
        self._given: set[int] = set()
        self._is_closed = False

    # where and who

    @property
    def listeners(self) -> Mapping[str, Endpoint]:
        """Where each listener is: smtp, submission, submissions, pop3, pop3s, imap, imaps."""
        return self._server.listeners

    @property
    def ca_certificate(self) -> Path:
        """The PEM file of the authority behind the server's certificate."""
        return self._server.ca_certificate

    @property
    def trust(self) -> ssl.SSLContext:
        """A client's context that trusts this authority and no other."""
        return ssl.create_default_context(cafile=str(self.ca_certificate))

    @property
    def domain(self) -> str:
        """The domain of addresses that are made from a name alone."""
        return self._options.domain

    def address(self, name: str) -> str:
        """The address of this name, or an address of any domain; its account is made if missing."""
        address = self._named(name)
        self._server.call(self._household.ensure_user(address, password_of(address)))
        return address

    def password(self, name: str) -> str:
        """The password of this user, whose account is made if missing."""
        return password_of(self.address(name))

    # what has come

    def wait_for(
        self,
        *,
        to: str = "",
        sender: str = "",
        subject: str | re.Pattern[str] = "",
        text: str | re.Pattern[str] = "",
        where: Callable[[ReceivedMessage], bool] | None = None,
        mailbox: str = "INBOX",
        timeout: float = WAIT_S,
    ) -> ReceivedMessage:
        """The first message that is like this and was not returned before, as soon as it is there.

        Args:
            to: a name or an address that the message was sent to (its envelope decides).
            subject, text: a part of it, whatever its case; or a pattern that is found in it.
            where: any further condition.
            timeout: real seconds.

        Raises:
            NoSuchMessage: none came in time; the text has what came instead, and the dialogues.
        """
        wanted = self._wanted(to, sender, subject, text, where)
        return self._server.submit(self._wait(wanted, mailbox, timeout)).result()

    async def async_wait_for(
        self,
        *,
        to: str = "",
        sender: str = "",
        subject: str | re.Pattern[str] = "",
        text: str | re.Pattern[str] = "",
        where: Callable[[ReceivedMessage], bool] | None = None,
        mailbox: str = "INBOX",
        timeout: float = WAIT_S,
    ) -> ReceivedMessage:
        """As `wait_for`, for tests that are coroutines: their event loop goes on meanwhile."""
        wanted = self._wanted(to, sender, subject, text, where)
        waiting = self._server.submit(self._wait(wanted, mailbox, timeout))
        return await asyncio.wrap_future(waiting)

    def inbox(self, name: str) -> list[ReceivedMessage]:
        """All that lies in somebody's INBOX now, the oldest first; who is new has an empty one."""
        return self.mailbox(name, "INBOX")

    def mailbox(self, name: str, mailbox: str) -> list[ReceivedMessage]:
        """As `inbox`, for any mailbox; [] if there is none of this name."""
        address = self.address(name)
        return self._server.call(self._household.messages(address, mailbox))

    @property
    def messages(self) -> list[ReceivedMessage]:
        """All that lies in anybody's INBOX, in the order it came; the catcher's too."""
        return self._server.call(self._household.messages())

    @property
    def caught(self) -> list[ReceivedMessage]:
        """What was sent to other domains, and stayed here."""
        return self._server.call(self._household.messages(self._household.catcher))

    def put(
        self,
        to: str,
        *,
        subject: str = "",
        text: str = "",
        html: str = "",
        sender: str = "",
        raw: bytes = b"",
        mailbox: str = "INBOX",
        flags: str = "",
    ) -> None:
        """File a message for somebody, without SMTP: for tests of what reads mail.

        Args:
            raw: the message itself, in place of subject, text, html and sender; lines end in CRLF.
            flags: such as "\\\\Seen \\\\Flagged".
        """
        address = self.address(to)
        octets = raw or self._built(address, subject, text, html, sender)
        self._server.call(self._household.file(address, octets, mailbox, flags))

    # what goes wrong

    @property
    def faults(self) -> Faults:
        """Rules by which the server fails."""
        return self._household.faults

    def fill_quota(self, name: str) -> None:
        """Let nothing more fit into this user's account."""
        self._server.call(self._household.fill_quota(self.address(name)))

    def break_tls(self, way: str = "untrusted") -> None:
        """Spoil the TLS of connections to come, in this test.

        Args:
            way: "untrusted", a certificate by somebody nobody trusts; "name", one for another
                host; "handshake", none at all.
        """
        self._server.break_tls(way)

    @property
    def internet(self) -> Internet:
        """Domains elsewhere, with servers of every mood."""
        return self._household.internet

    @property
    def clock(self) -> VirtualTime:
        """Time, for tests with `virtual_time=True`."""
        return VirtualTime(self._server, self._household)

    @property
    def complaints(self) -> list[str]:
        """What a lax server would have forgiven; must be empty in a pedantic test."""
        return self._server.call(self._household.complaints())

    @property
    def pedantry(self) -> str:
        """Why a pedantic test has failed, "" if it has not."""
        complaints = self.complaints if self._options.pedantic else []
        return "\n".join(["A pedant would not take this:", *complaints]) if complaints else ""

    # what was said

    def conversation(self) -> str:
        """Every dialogue of this test so far, each line with what it means; secrets masked.

        It can be asked for after `close`, too, and when the server is gone.
        """
        if self._is_closed:
            return render(self._household.notes.records)
        return self._server.call(self._rendered())

    def close(self) -> None:
        """End the test: connections are cut, mail is forgotten. Raises what failed in the server."""
        self._server.close()
        self._is_closed = True
        if self._household.failures:
            raise self._household.failures[0]

    # inside

    def _named(self, name: str) -> str:
        return name if "@" in name else f"{name}@{self.domain}"

    def _wanted(
        self,
        to: str,
        sender: str,
        subject: str | re.Pattern[str],
        text: str | re.Pattern[str],
        where: Callable[[ReceivedMessage], bool] | None,
    ) -> Wanted:
        address = self._named(to) if to else ""
        return Wanted(address, sender, subject, text, where, self._household.has_user(address))

    async def _rendered(self) -> str:
        return render(self._household.notes.records)

    async def _wait(self, wanted: Wanted, mailbox: str, timeout_s: float) -> ReceivedMessage:
        def fits(message: ReceivedMessage) -> bool:
            return id(message) not in self._given and wanted.fits(message)

        try:
            message = await self._household.wait_for(fits, mailbox, timeout_s)
        except TimeoutError:
            raise NoSuchMessage(await self._explanation(wanted, mailbox, timeout_s)) from None
        self._given.add(id(message))
        return message

    async def _explanation(self, wanted: Wanted, mailbox: str, timeout_s: float) -> str:
        lines = [f"no message with {wanted} came within {timeout_s:g} s."]
        others = await self._household.messages(mailbox=mailbox)
        if others:
            lines.append(f"These are in {mailbox}:")
            for message in others:
                taken = " (was returned before)" if id(message) in self._given else ""
                lines.append(f"  {message!r}{taken}")
        else:
            lines.append("Nothing came at all.")
        return "\n".join([*lines, "", await self._rendered()])

    def _built(self, to: str, subject: str, text: str, html: str, sender: str) -> bytes:
        author = sender or f"sender@{self.domain}"
        draft = Draft(
            sender=[Address("", *split_address(author))],
            to=[Address("", *split_address(to))],
            subject=subject,
            text=text,
            html=html,
        )
        now = self._household.clock.now()
        identifier = f"{self._household.next_number()}.put@{self.domain}"
        return build(draft, date=int(now), message_id=identifier)


@contextmanager
def serving(options: HouseholdOptions | None = None) -> Iterator[Mail]:
    """A server of its own while the block runs, for scripts and for other test frameworks.

    with serving() as mail:
        ...
    """
    with TemporaryDirectory(prefix="correo-") as folder:
        server = MailServer(Path(folder))
        server.start()
        try:
            mail = Mail(server, options)
            try:
                yield mail
            finally:
                mail.close()
        finally:
            server.stop()
