"""Make a command of its arguments: one file per group of commands, one function per command.

Each function takes the tag and the arguments and returns the event, or raises BadCommand. `TABLE`
is all of them by name, "UID FETCH" being a name of its own.
"""

from correo.wire.imap.parsers import (
    acl,
    fetch,
    mailboxes,
    messages,
    metadata,
    notify,
    quota,
    search,
    session,
    sort,
    urlauth,
)
from correo.wire.imap.parsers.shape import Parser

__all__ = ["TABLE"]

TABLE: dict[bytes, Parser] = {
    **session.PARSERS,
    **mailboxes.PARSERS,
    **fetch.PARSERS,
    **search.PARSERS,
    **sort.PARSERS,
    **messages.PARSERS,
    **quota.PARSERS,
    **metadata.PARSERS,
    **notify.PARSERS,
    **acl.PARSERS,
    **urlauth.PARSERS,
}
