"""Which function answers which command: the table of all command groups."""

from correo.servers.imap import (
    acl,
    append,
    catenate,
    comparator,
    copy,
    expunge,
    fetch,
    housekeeping,
    idle,
    listing,
    login,
    mailboxes,
    metadata,
    multisearch,
    notify,
    quota,
    search,
    select,
    sort,
    status,
    store,
    uidbatches,
    updates,
    urlauth,
    urlfetch,
)
from correo.servers.imap.services import Handler
from correo.wire.imap.commands import Command

__all__ = ["HANDLERS"]

GROUPS = (
    housekeeping,
    comparator,
    login,
    select,
    idle,
    mailboxes,
    listing,
    status,
    quota,
    metadata,
    acl,
    append,
    catenate,
    expunge,
    search,
    multisearch,
    notify,
    sort,
    fetch,
    store,
    copy,
    uidbatches,
    updates,
    urlauth,
    urlfetch,
)

HANDLERS: dict[type[Command], Handler] = {
    command: handler for group in GROUPS for command, handler in group.HANDLERS.items()
}
