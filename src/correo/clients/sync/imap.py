"""A mailbox, and a whole account, for programs without an event loop; what each method does stands
in `Mailbox` and in `ImapClient`."""

from collections.abc import Iterator
from contextlib import contextmanager

from correo.clients.imap.account import ImapAccount
from correo.clients.imap.client import ImapClient
from correo.clients.imap.mailbox import Mailbox
from correo.clients.imap.model import SelectedMailbox
from correo.clients.sync.bridge import Bridge, Facade, blocking, iterating, opening

__all__ = ["SyncImapClient", "SyncMailbox", "open_account", "open_mailbox"]


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


class SyncImapClient(Facade[ImapClient]):
    """A connection that is logged in: its folders, and commands one by one; `open_account` makes it."""

    append = blocking(ImapClient.append)
    append_all = blocking(ImapClient.append_all)
    copy = blocking(ImapClient.copy)
    create = blocking(ImapClient.create)
    delete = blocking(ImapClient.delete)
    enable = blocking(ImapClient.enable)
    expunge = blocking(ImapClient.expunge)
    fetch = iterating(ImapClient.fetch)
    identify = blocking(ImapClient.identify)
    learn_capabilities = blocking(ImapClient.learn_capabilities)
    login = blocking(ImapClient.login)
    logout = blocking(ImapClient.logout)
    mailboxes = blocking(ImapClient.mailboxes)
    move = blocking(ImapClient.move)
    namespaces = blocking(ImapClient.namespaces)
    noop = blocking(ImapClient.noop)
    rename = blocking(ImapClient.rename)
    search = blocking(ImapClient.search)
    select = blocking(ImapClient.select)
    status = blocking(ImapClient.status)
    store = blocking(ImapClient.store)
    subscribe = blocking(ImapClient.subscribe)
    unselect = blocking(ImapClient.unselect)
    wait_for_change = blocking(ImapClient.wait_for_change)


open_account = opening(ImapAccount.connect, SyncImapClient, SyncImapClient.logout)
"""A connection to an `ImapAccount`, in a thread of its own."""
