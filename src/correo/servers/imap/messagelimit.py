"""Keep commands to as many messages as the operator allows, and say where one has stopped.

RFC 9738             MESSAGELIMIT: those with the highest UIDs are done; the response code has the
                     lowest UID done. What is all or none (COPY, APPEND), and what has an order
                     (SORT, THREAD), is refused instead. SEARCH counts the messages looked at

Departures: EXPUNGE, CLOSE and the searches of many mailboxes (ESEARCH) are not limited.

Cost: nothing where there is no limit.
"""

from correo.servers.imap.refusals import TooManyMessages
from correo.servers.imap.session import ImapSession
from correo.wire.imap import codes, responses
from correo.wire.imap.search_keys import AllOf, MessageSet, SearchKey

__all__ = ["check", "code_of", "joined", "looked_at", "within"]


def within(session: ImapSession, uids: list[int]) -> list[int]:
    """Those of these messages (ascending) that one command may have."""
    limit = session.services.settings.messages_per_command
    return uids[-limit:] if limit else uids


def code_of(session: ImapSession, uids: list[int]) -> bytes:
    """The response code if `within` leaves some of these out; b"" if not."""
    limit = session.services.settings.messages_per_command
    if not limit or len(uids) <= limit:
        return b""
    return codes.message_limit(limit, uids[-limit])


def joined(session: ImapSession, code: bytes, limit_code: bytes) -> bytes:
    """The code for the tagged answer; if there are two, the limit is told in a line of its own."""
    if code and limit_code:
        session.engine.send_lines([responses.no_line(limit_code, "the others are not done")])
    return code or limit_code


def check(session: ImapSession, count: int) -> None:
    """For what is done for all messages or for none. Raises TooManyMessages."""
    limit = session.services.settings.messages_per_command
    if limit and count > limit:
        raise TooManyMessages(limit)


def looked_at(session: ImapSession, key: SearchKey) -> list[int]:
    """The messages that a search has to look at: those of the sets that all have to be in."""
    view = session.view
    shown = view.uids[: view.exists].tolist()
    for each in key.keys if isinstance(key, AllOf) else (key,):
        if isinstance(each, MessageSet) and not each.messages.saved:
            if each.is_uid:
                named = view.within(each.messages.spans(view.last_uid))
            else:
                named = view.numbered(each.messages.spans(view.exists))
            shown = sorted(set(shown).intersection(named))
    return shown
