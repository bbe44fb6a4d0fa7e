"""The sync facade: the async clients without an event loop."""

import inspect
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from correo.base.errors import UsageError
from correo.clients.folders import Maildir
from correo.clients.imap import (
    ImapAccount,
    ImapClient,
    ImapLoginError,
    Mailbox,
    Message,
    NewMessage,
    Q,
)
from correo.clients.pop3 import Pop3Client, SeenFile
from correo.clients.smtp import Envelope, EnvelopeRecipient, SmtpClient, TlsMode
from correo.clients.sync import (
    Bridge,
    Facade,
    SyncImapClient,
    SyncMailbox,
    SyncPop3Client,
    SyncSmtpClient,
    iterating,
    open_account,
    open_mailbox,
    open_pop3,
    open_smtp,
)
from correo.testing import Mail


def account(mail: Mail, password: str) -> ImapAccount:
    where = mail.listeners["imaps"]
    return ImapAccount(
        where.host,
        mail.address("ana"),
        password,
        port=where.port,
        context=mail.trust,
        server_name="localhost",
    )


@pytest.mark.parametrize(
    ("target", "facade"),
    [
        (Mailbox, SyncMailbox),
        (ImapClient, SyncImapClient),
        (SmtpClient, SyncSmtpClient),
        (Pop3Client, SyncPop3Client),
    ],
)
def test_the_facade_has_every_method(target: type[object], facade: type[object]) -> None:
    wanted = {
        name
        for name, value in inspect.getmembers(target)
        if not name.startswith("_")
        and not inspect.ismethod(value)  # connect makes one
        and (inspect.iscoroutinefunction(value) or inspect.isasyncgenfunction(value))
    }
    assert wanted <= vars(facade).keys()


def test_an_account_shows_its_folders_without_an_event_loop(mail: Mail) -> None:
    with open_account(account(mail, mail.password("ana"))) as client:
        client.create("Año")
        assert "Año" in {entry.name for entry in client.mailboxes()}
        client.append("Año", NewMessage(b"Subject: one\r\n\r\n"))
        assert client.select("Año").exists == 1
        assert [data.uid for data in client.fetch("1:*", "(UID)")] == [1]
    with pytest.raises(UsageError, match="closed"):
        client.noop()


@pytest.mark.parametrize("facade", [SyncMailbox, SyncImapClient, SyncPop3Client, SyncSmtpClient])
def test_a_facade_shows_itself_as_not_async(facade: type) -> None:
    for name, method in vars(facade).items():
        if inspect.isfunction(method):
            shown = inspect.unwrap(method)
            assert not inspect.iscoroutinefunction(shown), name
            assert not inspect.isasyncgenfunction(shown), name
            assert "Async" not in str(inspect.signature(method)), name


def test_a_facade_has_the_signatures_and_docstrings_of_the_async_methods() -> None:
    read, theirs = inspect.signature(SyncMailbox.read), inspect.signature(Mailbox.read)
    assert read == theirs
    assert SyncMailbox.read.__doc__ == Mailbox.read.__doc__
    messages = inspect.signature(SyncMailbox.messages)
    assert messages.return_annotation == Iterator[Message]
    assert "which" in messages.parameters
    opening = inspect.signature(open_pop3)
    assert opening.return_annotation == AbstractContextManager[SyncPop3Client]
    assert opening.parameters == inspect.signature(Pop3Client.connect).parameters


class Counter:
    def __init__(self) -> None:
        self.is_closed = False

    async def count(self) -> AsyncIterator[int]:
        try:
            for number in range(100):
                yield number
        finally:
            self.is_closed = True


class SyncCounter(Facade[Counter]):
    count = iterating(Counter.count)


def test_an_iterator_that_is_left_early_is_closed() -> None:
    with Bridge() as bridge:
        counter = SyncCounter(bridge, Counter())
        numbers = counter.count()
        assert [next(numbers), next(numbers)] == [0, 1]
        numbers.close()  # type: ignore[attr-defined]
        assert counter.target.is_closed
        assert list(counter.count()) == list(range(100))


@pytest.mark.slow
def test_mail_is_sent_and_read_without_an_event_loop(mail: Mail) -> None:
    where = mail.listeners["smtp"]
    with open_smtp(where.host, where.port, tls=TlsMode.NONE) as smtp:
        to = [EnvelopeRecipient(mail.address("ana"))]
        smtp.send(Envelope("bob@elsewhere.test", to), b"Subject: hola\r\n\r\nx\r\n")
    mail.wait_for(to="ana", subject="hola")
    with open_mailbox(account(mail, mail.password("ana")), "INBOX") as inbox:
        [message] = list(inbox.messages(Q.subject("hola")))
        inbox.add_flags(message.uid, "\\Seen")
        assert inbox.search(Q.unseen) == []
        assert b"".join(inbox.content(message.uid)).endswith(b"x\r\n")


@pytest.mark.slow
def test_a_maildrop_is_read_and_fetched_without_an_event_loop(mail: Mail, tmp_path: Path) -> None:
    for subject in ("one", "two"):
        mail.put("ana", subject=subject, text="x")
    where = mail.listeners["pop3s"]

    def opened() -> AbstractContextManager[SyncPop3Client]:
        return open_pop3(
            where.host,
            where.port,
            tls=TlsMode.IMPLICIT,
            context=mail.trust,
            server_name="localhost",
        )

    with opened() as maildrop:
        maildrop.login(mail.address("ana"), mail.password("ana"))
        assert maildrop.stat()[0] == 2
        assert b"Subject: one" in maildrop.read(1)
        maildrop.delete([1])  # without QUIT nothing goes
    for expected in (2, 0):
        with opened() as maildrop:
            maildrop.login(mail.address("ana"), mail.password("ana"))
            seen = SeenFile(tmp_path / "seen", "ana")
            fetched = list(maildrop.collect(Maildir(tmp_path / "mail"), seen, keep=True))
            assert [each.path is not None for each in fetched] == [True] * expected


def test_the_facade_has_every_method_of_a_pop3_client() -> None:
    left_out = {"ask_capabilities", "connect", "enable_utf8"}  # before the login, or to begin
    wanted = {
        name
        for name, value in vars(Pop3Client).items()
        if not name.startswith("_")
        and (inspect.iscoroutinefunction(value) or inspect.isasyncgenfunction(value))
    }
    assert wanted - left_out <= vars(SyncPop3Client).keys()


@pytest.mark.slow
def test_errors_come_through(mail: Mail) -> None:
    with (
        pytest.raises(ImapLoginError),
        open_mailbox(account(mail, "wrong"), "INBOX"),
    ):
        pass
