"""What all IMAP sessions of a process share."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from correo.accounts.authenticator import Authenticator
from correo.base.clock import Clock
from correo.mailbox.indexing import Indexing
from correo.mailbox.opened import OpenMailboxes
from correo.mailbox.sharing import Sharing
from correo.servers.imap.settings import ImapSettings
from correo.servers.imap.url_access import UrlAccess
from correo.store.api import Store

__all__ = ["Handler", "Services"]

Handler = Callable[[Any, Any], Coroutine[Any, Any, None] | None]
"""(session, event): answers one event of the engine; a coroutine if that takes waiting."""


@dataclass(frozen=True, slots=True)
class Services:
    """Made once by `server.ImapServer`.

    urls: opens authorized URLs, of any account.
    handlers: one for each event of the engine, by its type.
    """

    store: Store
    authenticator: Authenticator
    clock: Clock
    settings: ImapSettings
    handlers: Mapping[type[Any], Handler]
    sharing: Sharing
    urls: UrlAccess
    mailboxes: OpenMailboxes = field(default_factory=OpenMailboxes)
    indexing: Indexing = field(default_factory=Indexing)
