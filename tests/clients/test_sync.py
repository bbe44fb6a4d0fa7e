"""The sync facade: the async clients without an event loop."""

import inspect
from collections.abc import AsyncIterator

import pytest

from correo.clients.imap import ImapAccount, ImapLoginError, Mailbox, Q
from correo.clients.smtp import Envelope, EnvelopeRecipient, TlsMode
from correo.clients.sync import Bridge, Facade, SyncMailbox, iterating, open_mailbox, open_smtp
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


def test_the_facade_has_every_method_of_a_mailbox() -> None:
    wanted = {
        name
        for name, value in vars(Mailbox).items()
        if not name.startswith("_")
        and (inspect.iscoroutinefunction(value) or inspect.isasyncgenfunction(value))
    }
    assert wanted <= vars(SyncMailbox).keys()


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
def test_errors_come_through(mail: Mail) -> None:
    with (
        pytest.raises(ImapLoginError),
        open_mailbox(account(mail, "wrong"), "INBOX"),
    ):
        pass
