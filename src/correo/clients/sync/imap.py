"""A mailbox for programs without an event loop; what each method does stands in `Mailbox`."""

from collections.abc import Iterator
from contextlib import contextmanager

from correo.clients.imap.account import ImapAccount
from correo.clients.imap.mailbox import Mailbox
from correo.clients.imap.model import SelectedMailbox
from correo.clients.sync.bridge import Bridge, Facade, blocking, iterating

__all__ = ["SyncMailbox", "open_mailbox"]


class SyncMailbox(Facade[Mailbox]):
    """An open mailbox; `open_mailbox` makes it."""

    add_flags = blocking(Mailbox.add_flags)
    append = blocking(Mailbox.append)
    close = blocking(Mailbox.close)
    connect = blocking(Mailbox.connect)
    content = iterating(Mailbox.content)
    copy = blocking(Mailbox.copy)
    delete = blocking(Mailbox.delete)
    messages = iterating(Mailbox.messages)
    move = blocking(Mailbox.move)
    read = blocking(Mailbox.read)
    remove_flags = blocking(Mailbox.remove_flags)
    search = blocking(Mailbox.search)
    watch = iterating(Mailbox.watch)

    @property
    def state(self) -> SelectedMailbox:
        return self.target.state


@contextmanager
def open_mailbox(
    account: ImapAccount, name: str, *, read_only: bool = False
) -> Iterator[SyncMailbox]:
    """A mailbox on a connection of its own, in a thread of its own."""
    with Bridge() as bridge:
        mailbox = SyncMailbox(bridge, Mailbox(account, name, read_only=read_only))
        mailbox.connect()
        try:
            yield mailbox
        finally:
            mailbox.close()
